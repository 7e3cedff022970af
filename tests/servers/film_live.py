"""Films a simulated camera as time passes and writes each frame to standard output the moment it is encoded.

H.264 without reordering, a keyframe every 1.3 s; the pixel clock of a frame is the instant at which it was filmed.
A group of pictures that nobody takes is left out, so that what comes out is never old. Ends with its reader.
"""

import os
import select
import sys
import time

import av

from broker.demo.film import Film
from broker.demo.models import FilmedCamera
from broker.demo.pixel_clock import EPOCH, MILLISECOND

PERIOD_MS = 100
FRAMES_A_KEY = 13


def main() -> None:
    camera = FilmedCamera(native_id="live", name="Live", frame_period_ms=PERIOD_MS)
    film = Film(camera)
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = camera.width, camera.height, "yuv420p"
    encoder.framerate, encoder.thread_count = 1000 // PERIOD_MS, 1
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "g": str(FRAMES_A_KEY),
        "x264-params": "repeat-headers=1:aud=1",
    }
    number = 0
    while True:
        due_ms = (time.time_ns() // 1_000_000 // PERIOD_MS + 1) * PERIOD_MS
        time.sleep(max(0.0, due_ms / 1000 - time.time()))  # this is what a camera does
        if number % FRAMES_A_KEY == 0 and not select.select([], [sys.stdout], [], 0)[1]:
            continue
        frame = av.VideoFrame.from_ndarray(film.frame(EPOCH + due_ms * MILLISECOND), format="yuv420p")
        frame.pts = number
        number += 1
        try:
            for packet in encoder.encode(frame):
                os.write(sys.stdout.fileno(), bytes(packet))
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
