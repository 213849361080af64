/**
 * The report's look, by day and by night.
 *
 * @module
 */

/** The style sheet: no fonts, images or scripts from elsewhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #fff; --ink: #1b1d21; --muted: #5a6069; --rule: #e1e2e5;
  --first: #2460c8; --second: #b8500c; --third: #157f6b; --fourth: #7b3fc4;
  --hit: #9cc0f7; --miss: #f6b98a; --bar: #d5e3fa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131519; --card: #1b1e24; --ink: #e8eaed; --muted: #a2a8b2; --rule: #31353d;
    --first: #7facff; --second: #f3a45f; --third: #58c7ae; --fourth: #c9a2ff;
    --hit: #2d5fb3; --miss: #944c17; --bar: #263c61;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 1120px; padding: 40px 24px 64px;
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { margin: 0; font-size: 32px; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 56px 0 12px; font-size: 22px; line-height: 1.3; }
h3 { margin: 24px 0 8px; font-size: 16px; }
p { margin: 0 0 12px; max-width: 72ch; overflow-wrap: anywhere; }
.kind { margin-bottom: 4px; color: var(--muted); font-size: 14px; }
.origin { margin: 8px 0 0; max-width: none; color: var(--muted); }
.origin time { white-space: nowrap; }
.origin b { font-weight: 600; }
.missing { padding: 12px 16px; border-left: 3px solid var(--second); background: var(--card); color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; margin: 28px 0 0; }
.tile { padding: 16px; border: 1px solid var(--rule); border-radius: 10px; background: var(--card); }
.tile dt { color: var(--muted); font-size: 14px; }
.tile dd { margin: 2px 0 0; }
.tile b { display: block; white-space: nowrap; font-size: 26px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { display: block; margin-top: 4px; color: var(--muted); font-size: 13px; line-height: 1.4; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 16px; }
figure { margin: 0; }
.card { padding: 16px 12px 8px; border: 1px solid var(--rule); border-radius: 10px; background: var(--card); }
.card figcaption { display: flex; flex-wrap: wrap; gap: 0 16px; padding: 0 4px 8px; font-size: 14px; font-weight: 600; }
.key { color: var(--muted); font-weight: 400; white-space: nowrap; }
.key i { display: inline-block; width: 22px; margin-right: 6px; border-width: 2px 0 0; vertical-align: middle; }
.card svg { display: block; width: 100%; height: auto; }
.card .missing { border: 0; padding: 4px; font-size: 14px; }
.scroll { overflow-x: auto; margin: 0 0 16px; border: 1px solid var(--rule); border-radius: 10px; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-size: 15px; }
caption { padding: 12px 16px; color: var(--muted); font-size: 14px; text-align: left; }
caption span { position: sticky; left: 16px; display: inline-block; max-width: min(100%, calc(100vw - 82px)); }
th, td { padding: 8px 16px; border-top: 1px solid var(--rule); text-align: left; font-weight: 400; }
thead th { color: var(--muted); font-size: 14px; white-space: nowrap; vertical-align: bottom; }
tbody th { position: sticky; left: 0; background: var(--card); font-weight: 600; white-space: nowrap; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: block; min-width: 84px; padding: 0 6px; border-radius: 3px; background: linear-gradient(to right, var(--bar) calc(var(--rate) * 100%), transparent 0); }
.confusion th, .confusion td { padding: 6px 8px; }
.confusion tbody th { padding-left: 16px; }
.confusion thead th, .confusion .hit, .confusion .miss { text-align: center; }
.confusion .figure { padding-right: 16px; text-align: right; color: var(--muted); }
.hit, .miss { min-width: 64px; border: 2px solid var(--card); border-radius: 6px; font-variant-numeric: tabular-nums; line-height: 1.25; }
.hit { background: color-mix(in srgb, var(--hit) calc(var(--rate) * 100%), var(--card)); }
.miss { background: color-mix(in srgb, var(--miss) min(100%, calc(var(--rate) * 250%)), var(--card)); }
.hit b, .miss b { display: block; font-weight: 600; }
.hit span, .miss span { font-size: 12px; }
.photos { display: grid; grid-template-columns: repeat(auto-fill, minmax(112px, 1fr)); gap: 16px 12px; margin: 0; padding: 0; list-style: none; }
.photos.explained { grid-template-columns: repeat(auto-fill, minmax(208px, 1fr)); }
.pictures { display: flex; gap: 4px; }
.legend { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 32px; margin-bottom: 16px; color: var(--muted); font-size: 14px; }
.legend p { margin: 0; }
.ramp { display: flex; align-items: center; gap: 8px; white-space: nowrap; }
.ramp i { width: 112px; height: 12px; border-radius: 3px; background-color: #808080; }
.photos img { display: block; width: 100%; height: auto; aspect-ratio: 1; border-radius: 6px; image-rendering: pixelated; }
.photos figcaption { margin-top: 6px; font-size: 13px; line-height: 1.35; overflow-wrap: anywhere; }
.photos b, .photos span { display: block; }
.photos span { color: var(--second); }
.photos small { color: var(--muted); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 0 32px; margin: 0 0 16px; }
.facts div { display: flex; justify-content: space-between; gap: 16px; padding: 7px 0; border-top: 1px solid var(--rule); font-size: 15px; }
.facts dt { flex: none; color: var(--muted); }
.facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; min-width: 0; }
td small { display: inline-block; min-width: 44px; color: var(--muted); }
.leaks { margin: 0 0 16px; padding-left: 20px; }
details { margin: 16px 0; }
summary { width: fit-content; margin-bottom: 12px; color: var(--first); cursor: pointer; }
pre { overflow-x: auto; margin: 0 0 16px; padding: 12px 16px; border: 1px solid var(--rule); border-radius: 10px; background: var(--card); font-size: 14px; }
footer { margin-top: 64px; color: var(--muted); font-size: 14px; }
:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
@media (max-width: 560px) {
  body { padding: 24px 16px 48px; }
  h1 { font-size: 26px; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tile { padding: 12px; }
  .tile b { font-size: 24px; }
  th, td { padding: 8px 12px; }
  .bar { min-width: 56px; }
  tbody th { white-space: normal; }
  .confusion th, .confusion td { padding: 5px; font-size: 13px; }
  .hit, .miss { min-width: 44px; }
  .hit span, .miss span { font-size: 11px; }
}
@media print {
  body { max-width: none; padding: 0; }
  .card, .scroll, .tile, .photos li { break-inside: avoid; }
  h2 { break-after: avoid; }
}
`;
