// The form of a search writes what it holds into the address, without loading the page anew.
document.addEventListener("submit", function (event) {
  const form = event.target.closest("form.search");
  if (!form) return;
  event.preventDefault();
  const pairs = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (String(value).trim()) pairs.append(name, String(value).trim());
  const text = pairs.toString();
  window.dash_clientside.set_props("url", { search: text ? "?" + text : "" });
});
