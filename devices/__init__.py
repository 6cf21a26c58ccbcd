"""What is installed and how to reach it: places, networks, devices, links, the field runtime."""
