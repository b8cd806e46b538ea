import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { isJson, recordInMp4, recordOf } from "../../syncedit_demo/ui/components/incoming/record_of.js";

const RESULT = new URL("../../examples/balloon/output.mp4", import.meta.url);
const CLIP = new URL("../../examples/balloon/reference.mp4", import.meta.url);

/** @param {Uint8Array<ArrayBuffer>} bytes */
function file(bytes) {
  let most = 0;
  return {
    size: bytes.length,
    /**
     * @param {number} from
     * @param {number} to
     */
    async read(from, to) {
      most = Math.max(most, to - from);
      return bytes.slice(from, to).buffer;
    },
    most: () => most,
  };
}

/** @param {URL} url */
const bytesOf = async (url) => new Uint8Array(await readFile(url));

describe("the record in a file", () => {
  test("a result says how it was made, and little of it is read", async () => {
    const result = file(await bytesOf(RESULT));
    const record = JSON.parse((await recordInMp4(result)) ?? "");
    assert.equal(record.engine.name, "draft");
    assert.ok(result.most() < 20_000);
  });

  test("a clip, a file of anything and one that ends early hold none", async () => {
    const result = await bytesOf(RESULT);
    assert.equal(await recordInMp4(file(await bytesOf(CLIP))), null);
    assert.equal(await recordInMp4(file(new TextEncoder().encode("These are words."))), null);
    assert.equal(await recordInMp4(file(new Uint8Array(0))), null);
    for (const length of [4, 31, 40, 100, 1900, 5000]) {
      assert.equal(await recordInMp4(file(result.slice(0, length))), null);
    }
  });

  test("boxes without end, or larger than what they are in, are not followed", async () => {
    const box = new Uint8Array(16);
    box.set(new TextEncoder().encode("moov"), 4);
    for (const size of [0, 1, 7, 8, 4_000_000_000]) {
      new DataView(box.buffer).setUint32(0, size);
      assert.equal(await recordInMp4(file(box)), null);
    }
    // So many boxes that to look at each would take long.
    const many = new Uint8Array(80_000);
    for (let at = 0; at < many.length; at += 8) new DataView(many.buffer).setUint32(at, 8);
    assert.equal(await recordInMp4(file(many)), null);
  });

  test("a .json is taken as it is, and not where it is too long", async () => {
    const json = new File(['{"plan": 1}'], "out.RECORD.JSON");
    assert.ok(isJson(json));
    assert.equal(await recordOf(json), '{"plan": 1}');
    assert.equal(await recordOf(new File([new Uint8Array(300_001)], "out.json")), null);
  });
});
