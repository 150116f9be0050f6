// Docs: docs/inspector.md
/** The style of the page: one accent, figures in columns, light and dark. */
export const style = `
:root{color-scheme:light dark;--paper:#f7f8f8;--card:#fff;--ink:#1b2024;--soft:#59636e;--line:#e1e5e8;--accent:#0a6b64;--on:#fff;
--hit:#0a6b64;--stale:#4fa39a;--coalesced:#9fd0c9;--miss:#c2c8ce;--bypass:#7b858f;--bad:#ad2117;--wash:#eef4f3}
@media (prefers-color-scheme:dark){:root{--paper:#121518;--card:#191d21;--ink:#e3e7ea;--soft:#9aa5b0;--line:#2a3138;--accent:#55c7b8;--on:#08211e;
--hit:#55c3b4;--stale:#3c9c90;--coalesced:#2c756c;--miss:#5d6771;--bypass:#97a1ab;--bad:#ff9187;--wash:#1b2a29}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:13px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:center;padding:10px 20px;border-bottom:1px solid var(--line);background:var(--card)}
h1{font-size:15px;font-weight:650;margin:0}
h2{font-size:13px;font-weight:650;margin:0}
p{margin:0}
.facts{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--soft);flex:1;list-style:none;margin:0;padding:0}
.facts b{color:var(--ink);font-weight:550}
.dot{display:inline-block;width:8px;height:8px;border-radius:50%;background:var(--accent);margin-right:6px}
.bad .dot{background:var(--bad)}
.off .dot{background:var(--bypass)}
.bad,.bad b{color:var(--bad)}
main{display:grid;grid-template-columns:minmax(0,1fr) 340px;gap:16px;padding:16px 20px 40px;max-width:1480px;margin:auto}
main>div{display:grid;gap:16px;align-content:start;min-width:0}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;min-width:0}
.head{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:baseline;margin-bottom:8px}
.head .soft{margin-left:auto}
.soft,.zero,.state-invalidated,.state-expired,dt{color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:4px 16px;margin:0 0 8px}
.figures dt{font-size:12px}
.figures dd{margin:0;font-size:22px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.chart{display:grid;grid-template-columns:44px minmax(0,1fr);gap:2px 8px;margin:0;font-size:11px;color:var(--soft)}
.chart svg{display:block;width:100%;border-bottom:1px solid var(--line)}
.chart .y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;line-height:1}
.chart .cap{grid-column:2;margin-top:4px}
.chart .x{grid-column:2;display:flex;justify-content:space-between;gap:8px;flex-wrap:wrap}
.legend{display:flex;flex-wrap:wrap;gap:2px 12px}
.legend i{display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:5px}
.hit{--of:var(--hit)}.stale{--of:var(--stale)}.coalesced{--of:var(--coalesced)}.miss{--of:var(--miss)}.bypass{--of:var(--bypass)}
i{background:var(--of)}rect{fill:var(--of,var(--line))}
svg .line{fill:none;stroke:var(--accent);stroke-width:1.75;vector-effect:non-scaling-stroke;stroke-linejoin:round}
svg .area{fill:var(--accent);opacity:.12}
table{border-collapse:collapse;width:100%;font-size:12.5px}
th{font-weight:500;color:var(--soft);text-align:left;font-size:11.5px;white-space:nowrap;padding:4px 8px;border-bottom:1px solid var(--line)}
td{padding:4px 8px;border-bottom:1px solid var(--line);vertical-align:baseline}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
tbody th{font-size:12.5px;color:var(--ink);white-space:normal;overflow-wrap:anywhere}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
.n{text-align:right;white-space:nowrap}
td.bar{width:112px;vertical-align:middle}
td svg{display:block;width:112px;height:10px;border-radius:2px}
.left{display:inline-flex;gap:8px;align-items:center;justify-content:flex-end}
.left svg{width:40px;height:6px}.left span{min-width:84px}
.why{display:block;color:var(--soft);font-size:11.5px;font-weight:400}
.scroll{overflow:auto;max-height:560px}
.scroll thead th{position:sticky;top:0;background:var(--card)}
.scope{white-space:nowrap}
.tags{display:flex;flex-wrap:wrap;gap:2px 4px}
.tag,code{font:11.5px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
.tag{background:var(--wash);border-radius:4px;padding:0 5px}
.state-invalidated{text-decoration:line-through}
form{display:grid;gap:8px}
.row{display:flex;flex-wrap:wrap;gap:8px}
.row>label{flex:1 1 120px}
label{display:grid;gap:2px;color:var(--soft);font-size:12px}
label.check{display:flex;gap:6px;align-items:center;color:var(--ink)}
input,select,textarea,button{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--bypass);border-radius:6px;padding:5px 8px;min-width:0;width:100%}
input[type=checkbox]{width:auto;accent-color:var(--accent)}
input,textarea{font-family:ui-monospace,monospace;font-size:12.5px}
textarea{resize:vertical;min-height:48px}
button{cursor:pointer;width:auto;justify-self:start}
button.main{background:var(--accent);border-color:var(--accent);color:var(--on);font-weight:600}
button[aria-disabled=true]{opacity:.55;cursor:default}
button.path{all:unset;cursor:pointer;font-weight:550}
button.path:hover{text-decoration:underline}
:focus-visible,button.path:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.tool{display:flex;gap:8px;align-items:end;margin-bottom:8px}
.tool label{flex:0 1 260px}
.tool label.check{flex:none;padding:5px 0}
.key{display:none}.keys .key{display:block}
.hint{min-height:1.45em;font-size:12px;color:var(--soft)}
.hint.bad{color:var(--bad)}
ol.feed{list-style:none;margin:0;padding:0;display:grid;gap:8px;max-height:420px;overflow-y:auto}
ol.feed li{display:grid;grid-template-columns:auto minmax(0,1fr);gap:0 10px;overflow-wrap:anywhere}
ol.feed time{color:var(--soft);white-space:nowrap}
ol.feed b{font-weight:550}
.told{display:grid;gap:6px;border-top:1px solid var(--line);padding-top:8px}
.told h3{margin:0;font-size:15px;color:var(--accent)}
.told h3.miss,.told h3.bypass{color:var(--ink)}
.told dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:2px 10px;margin:0}
.told dd{margin:0;overflow-wrap:anywhere}
.trouble{padding:6px 20px;background:var(--wash);color:var(--bad);border-bottom:1px solid var(--line)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
@media (max-width:1000px){main{grid-template-columns:minmax(0,1fr)}}
@media (max-width:640px){.facts{order:3;flex-basis:100%}header{justify-content:space-between}.legend{order:3;flex-basis:100%}header,main{padding-left:12px;padding-right:12px}main,main>div{gap:12px}.w{display:none}.figures{grid-template-columns:1fr 1fr}
td.bar,td svg{width:64px}.left svg{display:none}.left span{min-width:0}.chart{grid-template-columns:36px minmax(0,1fr)}th,td{padding-left:6px;padding-right:6px}.tool{flex-wrap:wrap}}
@media (prefers-contrast:more){:root{--soft:var(--ink);--line:var(--bypass)}}
@media (forced-colors:active){svg,i{forced-color-adjust:none}}
`.trim();
