// What a page's picture shows.

/** How many pixels of the first element that `selector` finds are red, as alarms are. */
export async function redPixels(page, selector) {
  const picture = (await page.locator(selector).first().screenshot({ type: "png" })).toString("base64");
  return page.evaluate(async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let red = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] > data[at + 1] + 40 && data[at] > data[at + 2] + 40) red++;
    return red;
  }, picture);
}
