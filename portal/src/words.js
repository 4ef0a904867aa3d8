// The page's words in Chinese and English, chosen from the browser and remembered; unknown names pass through as the source wrote them.

import { CLASSES, PROPERTIES } from "./names.js";

const KEPT = "cimbra.language";
const WORDS = {
  title: ["Cimbra 城市信息模型", "Cimbra city model"],
  skip: ["跳到地图", "Skip to the map"],
  structure: ["结构", "Structure"],
  details: ["详情", "Details"],
  map: ["三维地图：方向键旋转，加减号缩放，Home 全景", "3D map: arrow keys turn, plus and minus zoom, Home shows all"],
  alarms: ["告警", "Alarms"],
  search: ["搜索名称、地址或编码", "Search names, addresses, codes"],
  results: ["搜索结果", "Search results"],
  nothing: ["没有结果", "Nothing found"],
  home: ["全景", "Whole map"],
  xray: ["透视", "See inside"],
  language: ["English", "中文"],
  live: ["实时", "Live"],
  offline: ["连接中断，正在重连…", "Connection lost, trying again…"],
  connecting: ["连接中…", "Connecting…"],
  more: ["更多…", "More…"],
  loading: ["加载中…", "Loading…"],
  empty: ["没有下级", "Nothing below"],
  pick: ["点击模型或目录，查看名称、属性和实时读数。", "Click the model or the tree to see names, attributes and live readings."],
  readings: ["实时读数", "Live readings"],
  attributes: ["属性", "Attributes"],
  noReadings: ["没有读数", "No readings"],
  within: ["所在位置", "Where"],
  id: ["编号", "Id"],
  class: ["类别", "Class"],
  dataset: ["数据集", "Dataset"],
  collection: ["集合", "Collection"],
  acknowledge: ["确认", "Acknowledge"],
  acknowledged: ["已确认", "Acknowledged"],
  noAlarms: ["当前没有告警", "No active alarm"],
  close: ["关闭", "Close"],
  fly: ["定位", "Fly there"],
  critical: ["紧急", "Critical"],
  major: ["重要", "Major"],
  minor: ["次要", "Minor"],
  warning: ["警告", "Warning"],
  anonymous: ["访客", "Guest"],
  viewer: ["浏览者", "Viewer"],
  planner: ["规划师", "Planner"],
  operator: ["值班员", "Operator"],
  integrator: ["集成商", "Integrator"],
  admin: ["管理员", "Administrator"],
  failed: ["出错了", "Something failed"],
  noTiles: ["地图打不开", "The map cannot be opened"],
  noWebGl: ["浏览器没有 WebGL 2，无法显示三维模型", "This browser has no WebGL 2, so the model cannot be shown"],
  true: ["是", "yes"],
  false: ["否", "no"],
};

let place = (localStorage.getItem(KEPT) ?? navigator.language).toLowerCase().startsWith("zh") ? 0 : 1;

/** The language's tag: `zh-CN` or `en`. */
export const language = () => ["zh-CN", "en"][place];
/** The page's own word for `key`. */
export const word = (key) => WORDS[key]?.[place] ?? key;
/** A class as people call it: `smoke_detector` is 烟感探测器. */
export const className = (name) => CLASSES[name]?.[place] ?? String(name ?? "").replaceAll("_", " ");
/** What is left of a storey's name when `层` and `F` go, where that is a bare label: `17`, `12A`, `B2`. */
const storeyLabel = ({ name, class: kind }) => (kind === "storey" ? /^([A-Z]{0,2}-?\d+[A-Z]??)\s*[层F]?$/.exec(name)?.[1] : undefined);
/** What an asset `{ id, name, class }` is called by itself; a storey says that its label is one: `17` is 17层 or Storey 17. */
export const title = (asset) => {
  const label = storeyLabel(asset);
  return label ? [`${label}层`, `Storey ${label}`][place] : asset.name || String(asset.id ?? className(asset.class));
};
/**
 * What the assets of a chain, from the building down, are called after one another: `201室 厨房` in `201室` is 厨房, and
 * `1号楼2单元烟感01` in that building and unit is 烟感01.
 */
export function titles(chain) {
  const said = [];
  return chain.map((asset) => {
    const own = title(asset);
    let rest = own;
    for (const each of said) if (rest.length > each.length && rest.startsWith(each)) rest = rest.slice(each.length).replace(/^[\s\-_/·,，]+/, "");
    const label = storeyLabel(asset);
    said.push(own, ...(label ? [`${label}层`, `${label}F`] : []));
    return rest || own;
  });
}
/** An observed property as people call it. */
export const propertyName = (name) => PROPERTIES[name]?.[place] ?? name.replaceAll("_", " ");
/** A value of an attribute or reading as text. */
export function show(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return word(String(value));
  if (typeof value === "number") return new Intl.NumberFormat(language(), { maximumFractionDigits: 6, useGrouping: false }).format(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
/** A time of a reading or alarm in the reader's own zone; the date only when it is not today. */
export function when(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text ?? "";
  const today = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(language(), { hour12: false, timeStyle: "medium", ...(today ? {} : { dateStyle: "short" }) });
}

/** Changes to the other language and writes every element that carries `data-word`, `data-word-label` or `data-word-hint`. */
export function toggle() {
  place = 1 - place;
  localStorage.setItem(KEPT, language());
  write();
}
/** Writes the words of the page's fixed elements in the language of now. */
export function write(root = document) {
  document.documentElement.lang = language();
  document.title = word("title");
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-word-label]")) element.setAttribute("aria-label", word(element.dataset.wordLabel));
  for (const element of root.querySelectorAll("[data-word-hint]")) element.placeholder = word(element.dataset.wordHint);
}
