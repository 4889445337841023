"""The one style sheet of the HTML report: light, dark, narrow, and on paper."""

from __future__ import annotations

import base64
import hashlib

#: Contrast is at least 4.5 to 1 for text and 3 to 1 for lines that mean something, in both schemes.
STYLE = """
:root{color-scheme:light dark;--page:#f6f5f2;--card:#fff;--ink:#1d1f22;--soft:#565a60;--line:#dedbd5;--edge:#85888d;
--link:#1f5484;--ok:#19683c;--bad:#a61b1b;--warn:#8a4b00;--info:#41566b;--ok-wash:#e8f3ec;--bad-wash:#fbeceb;
--warn-wash:#fbf1e0;--info-wash:#edf0f3;--wave:#70757c;--ai:#7a3ea8;--ai-wash:rgba(122,62,168,.16);--human:#1f6f78;
--human-wash:rgba(31,111,120,.13);--partly:#9a4a12;--partly-wash:rgba(154,74,18,.15)}
@media (prefers-color-scheme:dark){:root{--page:#131518;--card:#1b1e22;--ink:#e9e8e4;--soft:#abafb5;--line:#34383e;
--edge:#83888f;--link:#9cc7f0;--ok:#84d3a4;--bad:#ff9d95;--warn:#f0bf72;--info:#b4c2d0;--ok-wash:#17281f;
--bad-wash:#331a1a;--warn-wash:#30240f;--info-wash:#22272d;--wave:#8f959d;--ai:#cfa3f0;--ai-wash:rgba(207,163,240,.2);
--human:#7fd0d8;--human-wash:rgba(127,208,216,.15);--partly:#f2ae7c;--partly-wash:rgba(242,174,124,.18)}}
*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:anywhere}
header,main,footer{max-width:62rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem)}
header{padding-top:clamp(1.5rem,5vw,3.5rem)}
footer{padding-bottom:3rem;color:var(--soft);font-size:.875rem}
h1,h2,h3,h4{line-height:1.25;text-wrap:balance;margin:0}
h1{font-size:clamp(1.65rem,4.6vw,2.5rem);font-weight:650;letter-spacing:-.018em}
h2{font-size:1.3rem;font-weight:650;letter-spacing:-.008em;margin:3rem 0 .9rem}
h3{font-size:1.1rem;font-weight:650}
main>h3{margin:1.8rem 0 .6rem}
h4{font-size:.95rem;font-weight:650;margin:1.6rem 0 .5rem}
p{margin:.4rem 0;max-width:44rem}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
code{font:.86em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
.soft{color:var(--soft)}
.small-print{color:var(--soft);font-size:.875rem}
.brand{color:var(--soft);font-size:.875rem;letter-spacing:.02em;margin:0 0 .9rem}
.headline{display:flex;gap:.9rem;align-items:flex-start}
.headline .sign{flex:none;width:clamp(1.9rem,5vw,2.6rem);height:clamp(1.9rem,5vw,2.6rem);margin-top:.12em}
.lead{font-size:1.0625rem;margin-top:.9rem}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:1.4rem 0 0}
.counts li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.35rem .8rem}
.counts strong{font-weight:650;font-variant-numeric:tabular-nums}
.notice{display:flex;gap:.7rem;background:var(--warn-wash);border-radius:.6rem;padding:.7rem .9rem;margin:1.2rem 0 0}
.notice p{margin:0}
.notice .sign{flex:none;margin-top:.15rem}
.sign{vertical-align:-.22em}
.sign-ground{fill:currentColor}
.sign-mark{fill:none;stroke:var(--card);stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.ok{color:var(--ok)}.bad{color:var(--bad)}.warn{color:var(--warn)}.info{color:var(--info)}
.badge{display:inline-flex;justify-self:start;align-items:center;gap:.4rem;font-size:.84rem;font-weight:650;line-height:1.3;
padding:.18rem .6rem .18rem .4rem;border-radius:2rem;white-space:nowrap}
.badge .sign{width:1rem;height:1rem;flex:none}
.badge.ok{background:var(--ok-wash)}.badge.bad{background:var(--bad-wash)}
.badge.warn{background:var(--warn-wash)}.badge.info{background:var(--info-wash)}
.badge .sign-mark{stroke:var(--page)}
.files{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
.files li{display:grid;grid-template-columns:9.5rem 1fr;gap:.1rem 1rem;align-items:baseline;padding:.65rem 1rem}
.files li+li{border-top:1px solid var(--line)}
.files p{margin:0;font-size:.9rem;color:var(--soft);grid-column:2}
.group{margin-top:1rem}
.group>summary{padding:.3rem 0}
article{background:var(--card);border:1px solid var(--line);border-radius:.9rem;padding:clamp(1rem,3.4vw,1.9rem);
margin:0 0 1.5rem}
article>.title{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between}
.folder{color:var(--soft);font-weight:450}
.top{display:grid;gap:1.2rem 2rem;margin-top:1.1rem}
.top.pictured{grid-template-columns:minmax(0,20rem) minmax(0,1fr)}
.verdict{font-size:1.0625rem;font-weight:600;margin:0 0 .3rem}
.why{border-left:3px solid currentColor;padding-left:.8rem;margin:.8rem 0}
.why span{color:var(--ink)}
figure{margin:0}
figcaption{color:var(--soft);font-size:.84rem;margin-top:.45rem}
.frame{position:relative;width:fit-content;max-width:100%;border-radius:.4rem;overflow:hidden;background:var(--info-wash)}
.frame img{display:block;max-width:100%;height:auto}
.overlay{overflow:hidden;position:absolute;inset:0;width:100%;height:100%}
.no-picture{border:1px dashed var(--edge);border-radius:.4rem;padding:1.4rem 1rem;color:var(--soft);font-size:.9rem}
.halo{fill:none;stroke:#fff;stroke-width:4.5;vector-effect:non-scaling-stroke}
.shape{stroke-width:2.2;stroke:#141414;fill:rgba(20,20,20,.08);vector-effect:non-scaling-stroke}
.shape.human{stroke-dasharray:7 5;fill:none}.shape.partly{stroke-dasharray:12 4 3 4}
.dot{fill:#141414;stroke:#fff;stroke-width:1.5}
.dot-number{fill:#fff;font-size:11.5px;font-weight:700;text-anchor:middle}
.timeline{display:block;margin-top:1.1rem;overflow:visible}
.wave path{fill:none;stroke:var(--wave);stroke-width:.85}
.zero{stroke:var(--wave)}
.axis{stroke:var(--edge)}
.tick{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums;text-anchor:middle}
.start{text-anchor:start}.end{text-anchor:end}
.band.ai{fill:var(--ai-wash)}.band.human{fill:var(--human-wash)}.band.partly{fill:var(--partly-wash)}
.lane{stroke-width:1.5}
.lane.ai{fill:var(--ai);stroke:var(--ai)}
.lane.human{fill:var(--card);stroke:var(--human);stroke-dasharray:5 3}
.lane.partly{fill:var(--card);stroke:var(--partly);stroke-dasharray:9 3 2 3}
.lane-number{font-size:12.5px;font-weight:700;fill:var(--ink)}
.lane.ai+.lane-number{fill:var(--card)}
dl{display:grid;grid-template-columns:minmax(6.5rem,max-content) minmax(0,1fr);gap:.3rem 1.2rem;margin:.9rem 0 0}
dt{color:var(--soft);font-size:.9rem}
dd{margin:0}
dd dl{margin:0}
dd ul{margin:0;padding-left:1.1rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.84rem;padding-bottom:.4rem}
th,td{overflow-wrap:break-word;text-align:left;vertical-align:top;
padding:.5rem .9rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{white-space:nowrap;color:var(--soft);font-weight:550;font-size:.84rem;padding-top:0}
tbody th{font-weight:550}
tbody tr:last-child>*{border-bottom:0}
.axes tbody th{width:36%}
.axes td,td code{overflow-wrap:anywhere}
td code{word-break:break-all}
th code{white-space:nowrap}
.date{white-space:nowrap}
.parts{min-width:34rem}.wide{min-width:44rem}
.parts .soft{font-weight:450}
.number{font-variant-numeric:tabular-nums;font-weight:700}
.value{color:var(--soft);white-space:nowrap}
.findings{list-style:none;margin:0;padding:0}
.findings li{display:grid;grid-template-columns:1.5rem 1fr;gap:0 .5rem;padding:.55rem 0}
.findings li+li{border-top:1px solid var(--line)}
.findings .sign{margin-top:.2rem}
.findings p{margin:0 0 .15rem}
.scroll{overflow-x:auto}
.history .box{fill:var(--card);stroke:var(--edge)}
.history .edge{fill:none;stroke:var(--edge);stroke-width:1.6}
.history text{fill:var(--ink);font-size:13px}
.history .name{font-weight:650}
.history .small{fill:var(--soft);font-size:11.5px}
.history .small.ok{fill:var(--ok)}.history .small.bad{fill:var(--bad)}.history .small.warn{fill:var(--warn)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
details{margin-top:1rem}
summary{cursor:pointer;font-weight:600;font-size:.95rem;padding:.25rem 0}
summary .soft{font-weight:450}
.plain{margin:.5rem 0 0;padding-left:1.2rem}
@media screen and (max-width:46rem){.top.pictured{grid-template-columns:minmax(0,1fr)}
.files li{grid-template-columns:minmax(0,1fr)}.files p{grid-column:1}
dl{grid-template-columns:minmax(0,1fr);gap:0}dd+dt{margin-top:.55rem}th,td{padding-right:.6rem}}
@media print{@page{margin:15mm 14mm}
:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#3b3b3b;--line:#bbb;--edge:#555;--link:#000;--ok:#0d4f2b;
--bad:#8d0f0f;--warn:#6b3a00;--info:#333;--ok-wash:#fff;--bad-wash:#fff;--warn-wash:#fff;--info-wash:#fff;--wave:#777;--ai:#5c2a85;
--ai-wash:rgba(92,42,133,.12);--human:#15545b;--human-wash:rgba(21,84,91,.1);--partly:#73360b;--partly-wash:rgba(115,54,11,.1)}
html{font-size:9.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}
article{border:0;border-top:1.5pt solid #000;border-radius:0;padding:10pt 0 0;margin:0 0 16pt}
.top.pictured{grid-template-columns:62mm minmax(0,1fr)}
.badge{border:1px solid currentColor}
.notice{border:1px solid currentColor}
a{text-decoration:none}
h2,h3,h4,.title,summary,thead{break-after:avoid}
figure,tr,.top,.findings li,.files li,.keep,.scroll,article details{break-inside:avoid}
.scroll{overflow:visible}.parts,.wide{min-width:0}
p{orphans:3;widows:3}
summary{list-style:none}summary::-webkit-details-marker{display:none}
details::details-content{content-visibility:visible;display:block;block-size:auto}}
""".strip()

#: What the content security policy says of it: nothing else may style, and nothing at all may run.
STYLE_HASH = f"sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
