"""Cameras and recorders that speak ONVIF: Profiles S, T and G."""
