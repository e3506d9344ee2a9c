"""The whole portal on one's own machine, with tokens for everybody: it never loads in AWS."""

from portal_api.settings import on_lambda

if on_lambda():
    raise ImportError("portal_api.dev signs tokens for anybody, so it does not load in AWS.")
