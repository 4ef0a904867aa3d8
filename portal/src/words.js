// The page's words in Chinese and English, chosen from the browser and remembered; unknown names pass through as the source wrote them.

const KEPT = "cimbra.language";
const WORDS = {
  title: ["Cimbra 城市信息模型", "Cimbra city model"],
  skip: ["跳到地图", "Skip to the map"],
  structure: ["结构", "Structure"],
  details: ["详情", "Details"],
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
const CLASSES = {
  site: ["社区", "Site"],
  building: ["建筑", "Building"],
  building_part: ["建筑部分", "Building part"],
  building_unit: ["单元", "Unit"],
  storey: ["楼层", "Storey"],
  space: ["空间", "Space"],
  room: ["房间", "Room"],
  flat: ["住户", "Flat"],
  door: ["门", "Door"],
  window: ["窗", "Window"],
  wall: ["墙", "Wall"],
  slab: ["楼板", "Slab"],
  roof: ["屋顶", "Roof"],
  stair: ["楼梯", "Stair"],
  column: ["柱", "Column"],
  beam: ["梁", "Beam"],
  furniture: ["家具", "Furniture"],
  smoke_detector: ["烟感探测器", "Smoke detector"],
  heat_detector: ["温感探测器", "Heat detector"],
  gas_detector: ["燃气探测器", "Gas detector"],
  camera: ["摄像机", "Camera"],
  lift: ["电梯", "Lift"],
  pipe: ["管线", "Pipe"],
  manhole: ["井盖", "Manhole"],
  hydrant: ["消火栓", "Hydrant"],
  street_lamp: ["路灯", "Street lamp"],
  smart_pole: ["智慧灯杆", "Smart pole"],
  charger: ["充电桩", "Charger"],
  tree: ["树木", "Tree"],
  road: ["道路", "Road"],
  grid: ["网格", "Grid"],
  address: ["地址", "Address"],
  device: ["设备", "Device"],
};
const PROPERTIES = {
  smoke: ["烟雾浓度", "Smoke"],
  smoke_density: ["烟雾浓度", "Smoke density"],
  temperature: ["温度", "Temperature"],
  humidity: ["湿度", "Humidity"],
  gas: ["燃气浓度", "Gas"],
  gas_concentration: ["燃气浓度", "Gas concentration"],
  pressure: ["压力", "Pressure"],
  battery: ["电量", "Battery"],
  online: ["在线", "Online"],
  water_level: ["水位", "Water level"],
  current: ["电流", "Current"],
  voltage: ["电压", "Voltage"],
  power: ["功率", "Power"],
};

let place = (localStorage.getItem(KEPT) ?? navigator.language).toLowerCase().startsWith("zh") ? 0 : 1;

/** The language's tag: `zh-CN` or `en`. */
export const language = () => ["zh-CN", "en"][place];
/** The page's own word for `key`. */
export const word = (key) => WORDS[key]?.[place] ?? key;
/** A class as people call it: `smoke_detector` is 烟感探测器. */
export const className = (name) => CLASSES[name]?.[place] ?? String(name ?? "").replaceAll("_", " ");
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
