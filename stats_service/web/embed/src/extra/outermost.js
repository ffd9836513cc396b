/** Origin of the outermost page; "" if the browser does not tell. */
export const outermost = () => {
  try {
    return /** @type {Window} */ (top).location.origin;
  } catch (_) {}
  const origins = location.ancestorOrigins;
  return origins ? origins[origins.length - 1] : document.referrer;
};
