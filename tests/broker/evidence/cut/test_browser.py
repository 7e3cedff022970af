"""What a browser shows of a clip: length, every frame by seeking, the last one after playing to the end."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.broker.evidence.cut.conftest import Cut
from tests.broker.evidence.cut.footage import BITS, BLOCK, between, source
from tests.requirements import executable

PAGE = """
<video muted></video><canvas></canvas>
<script>
const video = document.querySelector("video"), canvas = document.querySelector("canvas");
const happens = name => new Promise((resolve, reject) => {
  video.addEventListener(name, resolve, {once: true});
  video.addEventListener("error", () => reject(new Error(video.error.message)), {once: true});
});
async function load(base64) {
  const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
  const painted = new Promise(resolve => video.requestVideoFrameCallback(resolve));
  const loaded = happens("loadeddata");
  video.src = URL.createObjectURL(new Blob([bytes], {type: "video/mp4"}));
  await loaded;
  await painted;
  return video.duration;
}
function number(bits, block) {
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  let value = 0;
  for (let bit = 0; bit < bits; bit++) {
    const [red] = context.getImageData(bit * block + block / 2, block / 2, 1, 1).data;
    if (red > 128) value += 2 ** bit;
  }
  return value;
}
// "seeked" may come before the frame is painted: what is looked for gets a hundred repaints to come
async function numberOnceItIs(expected, bits, block) {
  for (let left = 100; left > 0 && number(bits, block) !== expected; left--) {
    await new Promise(requestAnimationFrame);
  }
  return number(bits, block);
}
async function seek(seconds) {
  const sought = happens("seeked");
  video.currentTime = seconds;
  await sought;
}
async function playToTheEnd() {
  await seek(0);
  const ended = happens("ended");
  await video.play();
  await ended;
}
</script>
"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    chromium = executable("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.set_content(PAGE)
        yield page
        await browser.close()


@pytest.mark.parametrize("kind", ["h264 mp4", "h264 mkv", "h264 open gop", "h264 one gop"])
async def test_a_browser_shows_the_same_frames(
    recordings: dict[str, Path], cut_into: Cut, page: Page, kind: str
) -> None:
    [part] = cut_into([source(recordings[kind])], between(2.39, 3.479)).parts
    expected = list(range(60, 87))
    data = base64.b64encode(part.path.read_bytes()).decode()
    duration = await page.evaluate("data => load(data)", data)
    # Chromium lengthens the clip by the hidden tail once it has read it, and holds the last shown frame.
    shown_s = part.interval.duration.total_seconds()
    hidden_s = part.hidden_tail.interval.duration.total_seconds() if part.hidden_tail else 0
    assert shown_s - 0.002 <= duration <= shown_s + hidden_s + 0.002
    assert await _number(page, expected[0]) == expected[0]
    shown = []
    for position, number in enumerate(expected):
        await page.evaluate("seconds => seek(seconds)", position / 25 + 0.005)
        shown.append(await _number(page, number))
    assert shown == expected
    await page.evaluate("() => playToTheEnd()")
    assert await _number(page, expected[-1]) == expected[-1]


async def _number(page: Page, expected: int) -> int:
    """The number that the shown frame carries, once it is the expected one or has had its time."""
    asked = "([expected, bits, block]) => numberOnceItIs(expected, bits, block)"
    return int(await page.evaluate(asked, [expected, BITS, BLOCK]))
