// Looks at a page as a reader would, in a wide window and on a telephone. Fails with what is wrong.
import { chromium } from "playwright-core";

const [url, screenshot] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const wrong = [];
const page = await browser.newPage();
page.on("console", (message) => wrong.push(`console: ${message.text()}`));
page.on("request", (request) => {
  const own = request.url() === url || request.url().startsWith("data:");
  if (!own) wrong.push(`it asks for ${request.url()}`);
});
for (const [width, height] of [[1100, 900], [390, 800]]) {
  await page.setViewportSize({ width, height });
  await page.goto(url, { waitUntil: "load" });
  const seen = await page.evaluate(async () => {
    await document.fonts.ready;
    const size = (element) => element.getBoundingClientRect();
    return {
      figures: [...document.querySelectorAll("figure svg")].map((svg) => size(svg).width),
      rows: document.querySelectorAll("tbody tr").length,
      overflow: document.documentElement.scrollWidth - innerWidth,
      font: document.fonts.check('16px "DejaVu Sans Condensed"'),
      faces: document.fonts.size,
    };
  });
  const narrowest = Math.min(...seen.figures);
  if (seen.figures.length < 5) wrong.push(`${seen.figures.length} figures`);
  if (narrowest < 0.85 * Math.min(width, 990)) wrong.push(`a figure is ${narrowest} wide of ${width}`);
  if (seen.rows < 20) wrong.push(`${seen.rows} rows`);
  if (seen.overflow > 0) wrong.push(`at ${width} it is ${seen.overflow} too wide`);
  if (!seen.font || seen.faces !== 2) wrong.push("its fonts are not those of the figures");
  if (screenshot && width > 1000) await page.screenshot({ path: screenshot, fullPage: true });
  console.log(`${width} wide: ${seen.figures.length} figures, ${seen.rows} rows`);
}
await browser.close();
wrong.forEach((what) => console.error(`report: ${what}`));
process.exit(wrong.length > 0 ? 1 : 0);
