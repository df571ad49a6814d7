// Stands in for unfold's Chart.js, which it loads on every page: our charts are drawn by static/apron/charts/ (docs/decisions/0090).
