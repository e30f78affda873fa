// Opens a trace in the Perfetto UI, and asks its engine what it made of it: one line of JSON for each answer.
import { chromium } from "playwright-core";

const [url, picture] = process.argv.slice(2);
const queries = {
  problems: "select name, value from stats where severity != 'info' and value > 0",
  slices: `select thread.name as thread, slice.name as name, sum(slice.dur) as ns
    from slice join thread_track on slice.track_id = thread_track.id join thread using (utid)
    group by thread.name, slice.name order by thread.name, slice.name`,
  flows: "select count(*) as n from flow",
  waiters: "select max(value) as most from counter",
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  await page.goto(url);
  await page.waitForFunction(() => window.app?.trace?.engine !== undefined, null, { timeout: 60_000 });
  for (const [name, query] of Object.entries(queries)) {
    const rows = await page.evaluate(async (query) => {
      const result = await window.app.trace.engine.query(query);
      const rows = [];
      const columns = result.columns();
      for (const row = result.iter({}); row.valid(); row.next()) {
        rows.push(Object.fromEntries(columns.map((column) => [column, String(row.get(column))])));
      }
      return rows;
    }, query);
    console.log(JSON.stringify({ [name]: rows }));
  }
  if (picture) {
    // Groups of tracks are closed at first.
    for (const name of [/replication/, "cores"]) await page.getByText(name).first().click({ force: true });
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: picture });
  }
} finally {
  await browser.close();
}
