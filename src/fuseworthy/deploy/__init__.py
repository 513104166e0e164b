"""What a study recommends, at work: a model that answers rows with any of their modalities, kept in a folder."""
