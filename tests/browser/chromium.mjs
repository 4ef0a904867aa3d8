// Starts the real Chromium (Debian's, or what CHROMIUM names) without a screen, drawing on the processor.
import { chromium } from "playwright-core";

const ARGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
];
/** What Chromium says of its own software drawing, which is not the page's doing. */
const NOISE = /GL Driver Message|GroupMarkerNotSet|software WebGL/;

/**
 * Opens a page that keeps a record: `outside` the requests that left `origins`, `errors` the console's errors and warnings, uncaught
 * exceptions and failed requests.
 */
export async function open({ origins, locale = "en-GB", size = [1280, 800] }) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
  const context = await browser.newContext({ locale, viewport: { width: size[0], height: size[1] } });
  const page = await context.newPage();
  const record = { outside: [], errors: [] };
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["blob:", "data:"].includes(url.protocol) && !origins.includes(url.origin)) record.outside.push(url.href);
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !NOISE.test(message.text())) record.errors.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => record.errors.push(`uncaught: ${error.message}`));
  page.on("response", (response) => response.status() >= 400 && record.errors.push(`${response.status()}: ${response.url()}`));
  page.on("requestfailed", (request) => {
    // A stream that the page itself closes, or a tile no longer wanted, is cancelled and not failed.
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") record.errors.push(`${why}: ${request.url()}`);
  });
  return { browser, page, record };
}

/** Prints the one JSON result that the Rust side reads, then ends. */
export async function report(work) {
  let result;
  try {
    result = await work();
  } catch (error) {
    result = { failed: error.stack };
    process.exitCode = 1;
  }
  // All of it: a pipe takes 64 KiB at a time.
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
}
