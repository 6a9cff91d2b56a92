// Reads all pages with `fetch`, by the header `Link` alone and by `links.next` alone: node follow-links.mjs URL. Prints the codes.

const [first] = process.argv.slice(2);

async function walk(next) {
  const codes = [];
  for (let address = first; address; ) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    const page = await response.json();
    codes.push(...page.data.map((row) => row.code));
    address = next(response, page);
  }
  return codes;
}

const byHeader = await walk((response) => /<([^>]*)>; *rel="next"/.exec(response.headers.get('link') ?? '')?.[1]);
const byBody = await walk((_, page) => page.links.next);
if (JSON.stringify(byHeader) !== JSON.stringify(byBody)) throw new Error('the header and the body lead to other pages');
console.log(JSON.stringify(byHeader));
