"""Tool servers and their tools.

The official SDK has the same import name. Extending the path lets `mcp.client`, `mcp.server`,
`mcp.shared` and `mcp.types` stay the SDK's, so our modules never take these names.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
