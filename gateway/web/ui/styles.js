// Style sheets that are fetched with the page that needs them.

/** Has a sheet of the viewer hold, and tells when it does. @param {string} file @returns {Promise<void>} */
export function styled(file) {
  if (document.querySelector(`link[href="${file}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = file;
  const come = /** @type {Promise<void>} */ (new Promise(ok => { link.onload = link.onerror = () => ok(); }));
  document.head.append(link);
  return come;
}
