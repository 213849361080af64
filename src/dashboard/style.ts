/**
 * The dashboard's look: the report's, and what only a live page has.
 *
 * @module
 */
import { STYLE as REPORT_STYLE } from "../report/style.ts";

/** The style sheet: no fonts, images or scripts from elsewhere. */
export const STYLE = `${REPORT_STYLE}
:root { --good: #157f6b; --bad: #b8500c; }
@media (prefers-color-scheme: dark) { :root { --good: #58c7ae; --bad: #f3a45f; } }
[hidden] { display: none !important; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 16px; top: 8px; padding: 8px 12px; border-radius: 6px; background: var(--card); color: var(--first); }
.top { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 4px 24px; }
.top .kind { margin: 0; }
.status { display: inline-flex; align-items: center; gap: 8px; margin: 0; padding: 4px 12px; border: 1px solid var(--rule); border-radius: 99px; background: var(--card); font-size: 14px; font-weight: 600; }
.status::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: var(--muted); }
.status[data-phase="training"]::before { background: var(--good); animation: pulse 2s ease-in-out infinite; }
.status[data-phase="validating"]::before { background: var(--first); animation: pulse 2s ease-in-out infinite; }
.status[data-phase="lost"]::before, .status[data-phase="failed"]::before { background: var(--bad); border-radius: 2px; }
@keyframes pulse { 50% { opacity: .35; } }
@media (prefers-reduced-motion: reduce) { .status::before { animation: none !important; } }
.course { margin-top: 24px; }
.course progress { display: block; width: 100%; height: 10px; border: 0; border-radius: 5px; overflow: hidden; appearance: none; background: var(--rule); color: var(--first); }
.course progress::-webkit-progress-bar { background: var(--rule); }
.course progress::-webkit-progress-value { border-radius: 5px; background: var(--first); }
.course progress::-moz-progress-bar { border-radius: 5px; background: var(--first); }
.course p { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 24px; margin: 8px 0 0; max-width: none; color: var(--muted); font-size: 14px; font-variant-numeric: tabular-nums; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); margin-top: 20px; }
.live { position: relative; }
.live figcaption { display: block; }
.live figcaption h3 { margin: 0 0 2px; font-size: 14px; }
.live .reading { display: flex; flex-wrap: wrap; gap: 0 16px; min-height: 21px; }
.live .key b { margin-left: 4px; color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.live .key i { border-top-style: solid; }
.live .key b:first-child { margin-left: 0; }
.live .key.thin i { border-top-width: 1px; }
.first i { border-color: var(--first); } .second i { border-color: var(--second); } .third i { border-color: var(--third); } .fourth i { border-color: var(--fourth); }
.live svg { height: 230px; touch-action: pan-y; overflow: visible; }
.live text { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.live .rule { stroke: var(--rule); }
.live .mark { stroke: var(--muted); stroke-dasharray: 1 4; stroke-linecap: round; }
.live .cursor { stroke: var(--muted); }
.live path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.live path.thin { stroke-width: 1.25; }
.live path.first { stroke: var(--first); } .live path.second { stroke: var(--second); } .live path.third { stroke: var(--third); } .live path.fourth { stroke: var(--fourth); }
.live circle { stroke: var(--card); stroke-width: 1.5; }
.live circle.first { fill: var(--first); } .live circle.second { fill: var(--second); } .live circle.third { fill: var(--third); } .live circle.fourth { fill: var(--fourth); }
.live .at { position: absolute; right: 16px; bottom: 10px; margin: 0; color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.faces { grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); }
.faces li { padding: 8px; border: 1px solid var(--rule); border-radius: 10px; background: var(--card); }
.faces .guess { display: flex; justify-content: space-between; gap: 6px; color: var(--muted); font-variant-numeric: tabular-nums; }
.faces .guess span { display: inline; color: inherit; }
.faces .right .guess { color: var(--good); } .faces .wrong .guess { color: var(--bad); }
.faces .meter { display: block; height: 4px; margin-top: 4px; border-radius: 2px; background: linear-gradient(to right, currentColor calc(var(--rate, 0) * 100%), var(--rule) 0); }
.faces .right .meter { color: var(--good); } .faces .wrong .meter { color: var(--bad); }
.note { max-width: 90ch; color: var(--muted); font-size: 14px; }
@media (max-width: 560px) { .faces { grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); gap: 8px; } }
@media (forced-colors: active) { .status::before { background: CanvasText; } .live path { stroke: CanvasText; } }
`;
