from concord import ruff


def rules():
    return ruff.rules()
