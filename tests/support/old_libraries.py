"""What old libraries do to the language, in small: the parts that pages still have around us."""

#: Prototype 1.6 and 1.7: lists with a `toJSON`, a `reduce` and a `find` of their own, `Array.from`
#: that knows one argument, enumerable additions to every list.
PROTOTYPE = """
Array.from = function (iterable) {
  if (!iterable) return [];
  if ('toArray' in Object(iterable)) return iterable.toArray();
  var length = iterable.length || 0, results = new Array(length);
  while (length--) results[length] = iterable[length];
  return results;
};
var toJSON = function (object) {
  var type = typeof object;
  if (type == 'undefined' || type == 'function') return;
  if (type == 'boolean' || type == 'number') return String(object);
  if (object === null) return 'null';
  if (object.toJSON) return object.toJSON();
  var results = [];
  for (var name in object) {
    var value = toJSON(object[name]);
    if (value !== undefined) results.push('"' + name + '": ' + value);
  }
  return '{' + results.join(', ') + '}';
};
String.prototype.toJSON = function () { return '"' + this + '"'; };
Number.prototype.toJSON = function () { return String(this); };
Array.prototype.toJSON = function () {
  return '[' + this.map(toJSON).join(', ') + ']';
};
Array.prototype.each = function (iterator) {
  for (var i = 0; i < this.length; i++) iterator(this[i], i);
};
Array.prototype.map = Array.prototype.collect = function (iterator) {
  var results = [];
  this.each(function (value, index) { results.push(iterator(value, index)); });
  return results;
};
Array.prototype.filter = Array.prototype.select = function (iterator) {
  var results = [];
  this.each(function (value, index) { if (iterator(value, index)) results.push(value); });
  return results;
};
Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
Array.prototype.toArray = Array.prototype.clone = function () { return [].concat(this); };
Array.prototype.entries = Array.prototype.toArray;
Array.prototype.reverse = (function (native) {
  return function (inline) { return native.call(inline === false ? this.toArray() : this); };
})(Array.prototype.reverse);
Function.prototype.bind = function () {
  if (arguments.length < 2 && arguments[0] === undefined) return this;
  var method = this, args = [].slice.call(arguments), object = args.shift();
  return function () { return method.apply(object, args.concat([].slice.call(arguments))); };
};
Object.keys = function (object) {
  var keys = []; for (var name in object) keys.push(name); return keys;
};
Object.values = function (object) {
  var values = []; for (var name in object) values.push(object[name]); return values;
};
window.Element = function (tag) { return document.createElement(tag); };
window.Hash = function () {};
window.$ = function (id) { return document.getElementById(id); };
"""

#: MooTools 1.2 and 1.3: `JSON` without `stringify`, `Array.from` that makes a list of one.
MOOTOOLS = """
var Hash = function () {};
var JSON = { encode: function () {}, decode: function () {} };
Array.from = function (item) {
  if (item == null) return [];
  return item instanceof Array ? item : typeof item != 'string' && typeof item.length == 'number' &&
    item.item ? Array.prototype.slice.call(item) : [item];
};
Object.values = Object.keys = function (object) {
  var found = []; for (var name in object) found.push(name); return found;
};
Array.prototype.contains = Array.prototype.include = function (item) {
  return this.indexOf(item) > -1;
};
Array.prototype.each = Array.prototype.forEach;
Function.prototype.bind = function (bound) {
  var self = this; return function () { return self.apply(bound, arguments); };
};
Object.entries = undefined;
"""

#: What pages wrote by hand before browsers had it, and what they call their variables.
BY_HAND = """
Array.prototype.find = function (wanted) { return this.indexOf(wanted) >= 0; };
Array.prototype.findIndex = Array.prototype.indexOf;
Array.prototype.remove = function (item) { this.splice(this.indexOf(item), 1); };
Array.prototype.flat = function () { return this; };
Array.prototype.fill = Array.prototype.remove;
Object.prototype.extend = function () { return this; };
Object.prototype.version = '1.0';
Object.fromEntries = function () { return {}; };
Date.parse = function () { return null; };
var URL = '/tin-tuc/', Map = 'ban-do', Set = function () {}, WeakMap = Set;
"""

LIBRARIES = {"prototype": PROTOTYPE, "mootools": MOOTOOLS, "by hand": BY_HAND}
