"""BACnet/IP on bacpypes3: discovery, identification, reading and writing."""
