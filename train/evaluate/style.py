"""The report's style sheet, for light and dark mode, phones and wide screens."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2127; --soft: #5d6670; --line: #d9dee3; --card: #f5f7f9;
  --accent: #2466b0; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181c; --ink: #e4e8ec; --soft: #9aa4ae; --line: #333b43; --card: #1c2228;
    --accent: #7db4f0; --bad: #f2857d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .2rem; padding-top: .9rem;
     border-top: 1px solid var(--line); }
p { margin: .4rem 0; max-width: 46rem; }
.soft, .meaning { color: var(--soft); }
.lede { list-style: none; margin: 1rem 0 0; padding: .6rem 1.1rem; background: var(--card);
        border-left: 4px solid var(--accent); border-radius: 0 8px 8px 0; }
.lede li { padding: .3rem 0; max-width: 54rem; }
nav { margin: 1rem 0 0; font-size: .9rem; line-height: 1.9; }
nav a { color: var(--accent); text-decoration: none; margin-right: .9rem; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .93rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .82rem; }
th, td { padding: .38rem .8rem .38rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top; }
td.value { font-variant-numeric: tabular-nums; white-space: nowrap; font-weight: 600; }
td.name { font-weight: 600; min-width: 11rem; }
td.kind { white-space: nowrap; }
.plots, .pictures { display: flex; flex-wrap: wrap; gap: 1.2rem; margin: 1rem 0; }
figure { margin: 0; flex: 1 1 20rem; max-width: 30rem; min-width: 0; }
.pictures figure { flex: 1 1 15rem; max-width: 34rem; }
.pictures figure.wide { flex: 1 1 100%; max-width: 60rem; }
figure svg, figure img { display: block; width: 100%; height: auto; }
figure img { image-rendering: pixelated; border-radius: 4px; }
figure svg text { font-family: inherit !important; }
figcaption { font-size: .88rem; color: var(--soft); padding: .35rem 0; }
.plots figcaption { font-weight: 600; color: var(--ink); padding-bottom: .2rem; }
.failed { color: var(--bad); font-weight: 600; }
details { margin: .6rem 0; font-size: .9rem; color: var(--soft); }
summary { cursor: pointer; }
code { font: .87em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 44rem) {
  main { padding: 1rem .9rem 2rem; }
  h1 { font-size: 1.35rem; }
  thead { display: none; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: 1fr auto; gap: 0 .8rem;
       border-bottom: 1px solid var(--line); padding: .45rem 0; }
  td { border: 0; padding: 0; }
  td.name { grid-column: 1; min-width: 0; }
  td.value { grid-column: 2; text-align: right; }
  td.kind { grid-column: 1; font-size: .85rem; color: var(--soft); white-space: normal; }
  td.count { grid-column: 2; font-size: .85rem; color: var(--soft); text-align: right; }
  td.count:not(:empty)::before { content: "n = "; }
  td.meaning { grid-column: 1 / -1; font-size: .88rem; }
  .plots figure, .pictures figure { flex-basis: 100%; }
  .pictures.beside { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem .6rem; }
  .pictures.beside figcaption { font-size: .78rem; line-height: 1.35; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
"""
