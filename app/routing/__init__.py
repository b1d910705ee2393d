"""Who can be reached and how: agents, extensions, devices, trunks, outbound numbers."""
