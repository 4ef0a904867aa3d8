// Builds elements of the page. Text enters only as text: nothing imported is ever read as HTML.

/** The element with this id. */
export const the = (id) => document.getElementById(id);

/** A new element: `make("li", { class: "x", onclick }, "text", child)`. Functions become listeners, false and undefined are left out. */
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.filter((item) => item !== undefined && item !== false));
  return element;
}
