import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MOST, read, withOne } from "../../syncedit_demo/ui/components/settings_bar/presets.js";

const SMALL = { name: "small", text: "size=320x256" };

describe("presets of the browser", () => {
  test("what is kept is read again", () => {
    assert.deepEqual(read(JSON.stringify([SMALL])), [SMALL]);
    assert.deepEqual(read(null), []);
  });

  test("what anything else has left there is no preset", () => {
    for (const stored of ["", "{", "7", "null", '{"name":"small"}', '[null,1,{"name":"","text":""},{"name":1}]'])
      assert.deepEqual(read(stored), []);
    const long = [
      { name: "x".repeat(41), text: "" },
      { name: "x", text: "y".repeat(1001) },
    ];
    assert.deepEqual(read(JSON.stringify([...long, SMALL])), [SMALL]);
    assert.equal(read(JSON.stringify(Array.from({ length: 99 }, () => SMALL))).length, MOST);
  });

  test("one of the same name takes the place of the other, and there is an end to them", () => {
    assert.deepEqual(withOne([SMALL], { name: "small", text: "seed=7" }), [{ name: "small", text: "seed=7" }]);
    const full = Array.from({ length: MOST }, (_, index) => ({ name: String(index), text: "" }));
    assert.equal(withOne(full, SMALL), null);
    assert.equal(withOne(full, { name: "0", text: "seed=7" })?.length, MOST);
  });
});
