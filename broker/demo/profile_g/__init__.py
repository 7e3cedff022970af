"""A simulated recorder that speaks ONVIF Profile G over the demo's footage: SOAP services and RTSP replay."""
