"""The panel: pages for people, rendered here, over the same services and endpoints that programs use.

A page reads through the services and is shown by a template; what changes something is a call of the REST API
by the page's script (`static/js/actions.js`), so there is one way to do a thing, with one set of refusals.
"""
