// Opens /docs in headless Chromium as a reader would: measures the time to the first operation and to open one, presses
// *Execute* on every list without touching a field, and runs axe-core over the page.
// Usage: node docs.mjs http://127.0.0.1:8080 [--screenshots DIR]. Fails if a list gives no row or axe finds a serious fault.
import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';

const base = process.argv[2] ?? 'http://127.0.0.1:8080';
const pictures = process.argv.includes('--screenshots') ? process.argv[process.argv.indexOf('--screenshots') + 1] : null;
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LAPTOP = Number(process.env.SLOWED ?? 1); // times slower than this machine, for the two measured times

const document = await (await fetch(`${base}/openapi.json`)).json();
const lists = Object.entries(document.paths)
    .filter(([path, item]) => /^\/v1\/(aggregates\/)?[a-z_]+$/.test(path) && item.get)
    .map(([path, item]) => ({ path, tag: item.get.tags[0], id: item.get.operationId }));

const browser = await chromium.launch({
    executablePath: BROWSER,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
let page;
// A reader's first visit each time: nothing is stored from before.
async function visit() {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    page = await context.newPage();
    return context.newCDPSession(page);
}

// Asks the page itself: the tools' own waiting depends on frames, which a page without a screen may not draw.
async function until(question, argument, limit = 120_000) {
    const end = Date.now() + limit;
    for (;;) {
        const found = await page.evaluate(question, argument);
        if (found) return found;
        if (Date.now() > end) throw new Error(`waited ${limit} ms for ${question}`);
        await new Promise((resume) => setTimeout(resume, 20));
    }
}
const press = (selector) => page.evaluate((selector) => document.querySelector(selector).click(), selector);

async function measure() {
    const session = await visit();
    await session.send('Emulation.setCPUThrottlingRate', { rate: LAPTOP });
    const started = Date.now();
    await page.goto(`${base}/docs/`);
    await until(() => document.querySelector('.opblock-tag, .opblock') !== null);
    const tag = Date.now() - started;
    if (await page.evaluate(() => document.querySelector('.opblock') === null)) await press('.opblock-tag');
    await until(() => document.querySelector('.opblock') !== null);
    const first = Date.now() - started;
    const opened = Date.now();
    await press('.opblock .opblock-summary-control');
    await until(() => document.querySelector('.opblock.is-open .opblock-section') !== null);
    const open = Date.now() - opened;
    await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    return { tag, first, open };
}

// Presses a button until the page sends its request, and waits for the answer. A press that the page ignores, since it draws
// itself anew at that moment, is made again, as a reader would; a request without an answer is a fault of the program.
async function answerOf(path, pressButton) {
    const own = (request) => new URL(request.url()).pathname === path;
    let sent = null;
    const notice = (request) => { if (own(request)) sent = request; };
    page.on('request', notice);
    for (let presses = 0; sent === null && presses < 3; presses += 1) {
        await pressButton();
        const end = Date.now() + 20_000;
        while (sent === null && Date.now() < end) await new Promise((resume) => setTimeout(resume, 20));
    }
    page.off('request', notice);
    if (sent === null) throw new Error('three presses of *Execute* sent no request');
    const response = await Promise.race([sent.response(), new Promise((resume) => setTimeout(resume, 60_000))]);
    if (!response) throw new Error(`no answer to ${sent.url()}: ${sent.failure()?.errorText ?? 'none within a minute'}`);
    return response;
}

async function execute({ path, tag, id }) {
    const block = `[id="operations-${tag}-${id}"]`;
    await visit();
    await page.goto(`${base}/docs/#/${encodeURIComponent(tag)}/${id}`);
    await until((block) => document.querySelector(`${block} .opblock-summary-control`) !== null, block);
    await until((block) => document.querySelector(block).classList.contains('is-open'), block, 5_000).catch(() => press(`${block} .opblock-summary-control`));
    await until((block) => document.querySelector(`${block} .execute`) !== null, block);
    const fields = await page.evaluate((block) => {
        const fields = [...document.querySelectorAll(`${block} .parameters :is(input, select, textarea)`)];
        return { rows: document.querySelectorAll(`${block} .parameters tbody tr`).length,
            filled: fields.filter(({ value }) => value !== '' && value !== '--').length };
    }, block);
    const pressed = Date.now();
    const response = await answerOf(path, () => press(`${block} .execute`));
    const type = response.headers()['content-type'] ?? '';
    const body = type.includes('json') ? await response.json() : null;
    const found = body?.data?.length ?? body?.features?.length ?? 0;
    return { path, status: response.status(), rows: found, parameters: fields.rows, filled: fields.filled, url: response.url(), took: Date.now() - pressed };
}

const times = [];
for (let i = 0; i < 3; i += 1) times.push(await measure());
times.sort((a, b) => a.first - b.first);
console.log(`time to the first operation ${times[1].first} ms, to the first tag ${times[1].tag}, to open one ${times[1].open} ms (median of 3, processor slowed ${LAPTOP} times)`);
if (pictures) await page.screenshot({ path: `${pictures}/docs.png` });

const faults = [];
for (const list of lists) {
    try {
        const got = await execute(list);
        console.log(`${got.status} ${String(got.rows).padStart(4)} rows  ${String(got.parameters).padStart(3)} parameters, ${got.filled} filled  ${got.path}`);
        if (got.status !== 200 || got.rows === 0) faults.push(`${got.path}: ${got.status}, ${got.rows} rows (${got.url})`);
    } catch (error) {
        faults.push(`${list.path}: ${error.message.split('\n')[0]}`);
    }
}
if (pictures) await page.screenshot({ path: `${pictures}/docs-list.png` });

const found = await new AxeBuilder({ page }).analyze();
for (const fault of found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))) {
    console.log(`axe ${fault.impact}: ${fault.id}: ${fault.help} (${fault.nodes.length}), e.g. ${fault.nodes[0].html.slice(0, 120)}`);
}
await browser.close();
for (const fault of faults) console.error(`fault: ${fault}`);
process.exitCode = faults.length ? 1 : 0;
