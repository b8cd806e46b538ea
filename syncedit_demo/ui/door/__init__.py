"""The door: what of the network reaches the page, and what of this machine reaches the network.

Each module keeps one promise of docs/security.md; `app` puts them one behind the other.
"""
