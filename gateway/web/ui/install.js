// The fingerprint on the page that explains the certificate.
const res = await fetch("/api/v1/ca");
const out = /** @type {HTMLElement} */ (document.getElementById("fingerprint"));
if (res.ok) {
  const ca = await res.json();
  out.textContent = String(ca.fingerprint_sha256).replace(/:/g, "").replace(/(..)(?=.)/g, "$1 ").toUpperCase();
} else {
  out.textContent = out.dataset.plain || "";
}
