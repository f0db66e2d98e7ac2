"""How the report looks on screen and on an A4 page."""

CSS = """
@page { size: A4; margin: 10mm 11mm; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; background: #eef1f5; color: #1d2733;
  font: 12px/1.35 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 188mm; min-height: 277mm; margin: 16px auto; padding: 10mm; background: #fff;
  box-shadow: 0 1px 6px rgb(29 39 51 / 20%); display: flex; flex-direction: column; gap: 10px; }
h1, h2, p, ul, dl, dd, figure { margin: 0; }
header { border-bottom: 2px solid #0072b2; padding-bottom: 6px; }
h1 { font-size: 21px; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 11.5px; margin-bottom: 3px; }
.kind { color: #0072b2; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; font-size: 10.5px; }
.lead { color: #5a6675; }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; }
.tiles article { flex: 1 1 22%; max-width: 50%; display: flex; flex-direction: column; }
.tiles article { border: 1px solid #dbe1e8; border-radius: 5px; padding: 6px 8px; }
.tiles h2 { color: #5a6675; font-weight: 600; margin: 0; font-size: 10.5px; letter-spacing: -.015em; }
.value { margin-top: auto; font-size: 20px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tiles dl { display: grid; grid-template-columns: 1fr auto; font-size: 10px; color: #5a6675; line-height: 1.4; }
.tiles dd { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.note { margin-top: 5px; font-size: 9.5px; color: #5a6675; }
.good, dd.good { color: #00704f; }
.bad, dd.bad { color: #b34700; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 16px; }
.two > *, table { min-width: 0; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: 9.5px; color: #5a6675; }
table { border-collapse: collapse; width: 100%; font-size: 11px; margin-bottom: 6px; }
th, td { padding: 1.5px 0 1.5px 8px; border-bottom: 1px solid #e8ecf1; text-align: left; vertical-align: top; }
th:first-child { padding-left: 0; }
tbody th { font-weight: 400; width: 100%; max-width: 0; }
tbody th { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
thead th { color: #5a6675; font-weight: 600; font-size: 10px; border-color: #c4ccd6; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { width: 1%; }
thead .number { white-space: normal; }
.trust { background: #f5f7fa; border-radius: 5px; padding: 7px 10px; }
.two .trust { align-self: start; }
.trust ul { padding-left: 0; list-style: none; font-size: 11px; }
.trust li { padding-left: 16px; text-indent: -16px; overflow-wrap: anywhere; }
.trust li::before { content: "\\2713\\00a0\\00a0"; color: #00704f; }
.trust .doubt::before { content: "!\\00a0\\00a0\\00a0"; color: #b34700; font-weight: 700; }
.empty { padding: 30px 0; font-size: 14px; }
footer { margin-top: auto; color: #5a6675; font-size: 9.5px; display: flex; flex-wrap: wrap; gap: 2px 12px; }
footer p:first-child { flex: 1 1 60%; }
tr, figure, article, .trust { break-inside: avoid; }
@media screen and (max-width: 700px) {
  main { padding: 14px; margin: 0; }
  .tiles article { flex-basis: 40%; }
  .two { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  body { background: #fff; }
  main { max-width: none; min-height: 0; margin: 0; padding: 0; box-shadow: none; }
  .screen { display: none; }
}
"""
