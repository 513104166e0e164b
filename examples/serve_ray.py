"""An exported model on many machines, by Ray Serve: serve run serve_ray:model  (with FOLDER in the environment).

Needs ray[serve] and fuseworthy[serve]; the folder of the export must be there on every machine. Ray answers for who may
ask; this takes the token from TOKEN, if it is set.
"""

import os
from pathlib import Path

from ray import serve

from fuseworthy.deploy.serving.app import application
from fuseworthy.deploy.serving.served import read_served
from fuseworthy.deploy.serving.settings import Settings

folder = Path(os.environ["FOLDER"])


def app():
    gate, _ = application(read_served(folder), Settings(hosts=("*",), token=os.environ.get("TOKEN")))
    return gate


@serve.deployment(num_replicas=2, max_ongoing_requests=64)
@serve.ingress(app)
class Model:
    """One copy of the model."""


model = Model.bind()
