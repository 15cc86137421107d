"""Single sign-on: what a proxy or an identity provider says becomes a session of ours.

It joins accounts and groups, which do not know each other's edges, so it belongs to the
composition root. A second factor is the provider's business: ours is not asked for here.
"""
