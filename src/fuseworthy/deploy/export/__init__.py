"""A model as one ONNX graph, which runs without anything of ours: see `fuseworthy.deploy.export.write`."""
