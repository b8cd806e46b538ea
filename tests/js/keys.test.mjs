import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandOf } from "../../syncedit_demo/ui/components/player/keys.js";

/** @import { Place } from "../../syncedit_demo/ui/components/player/keys.js" */

const KEYS = [" ", "ArrowLeft", "ArrowRight", "Home", "End", "l", "1", "2", "3", "4"];
const NO_MODIFIER = { ctrlKey: false, metaKey: false, altKey: false };

/**
 * @param {string} key
 * @param {Place} [place]
 */
const asks = (key, place = "other") => commandOf({ key, ...NO_MODIFIER }, place);

/** @param {Place} place */
const taken = (place) => KEYS.filter((key) => asks(key, place) === null);

describe("what a key asks of the player", () => {
  test("each has one command", () => {
    assert.deepEqual(
      KEYS.map((key) => asks(key)),
      ["toggle", "back", "forward", "first", "last", "loop", "side", "wipe", "flip", "difference"],
    );
  });

  test("a letter counts in both cases: caps lock may be on", () => {
    assert.equal(asks("L"), "loop");
  });

  test("any other key asks nothing", () => {
    for (const key of ["5", "a", "Enter", "Tab", "Escape", "ArrowUp", "PageDown", "Left", "Dead", ""]) {
      assert.equal(asks(key), null, key);
    }
  });

  test("names with a length of more than one are not letters in capitals", () => {
    assert.equal(asks("HOME"), null);
    assert.equal(asks("home"), null);
  });

  test("an event without a key, as filling in a form sends, asks nothing", () => {
    assert.equal(commandOf(NO_MODIFIER, "other"), null);
  });

  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) {
    test(`with ${modifier} it is a shortcut of the browser`, () => {
      for (const key of KEYS) assert.equal(commandOf({ key, ...NO_MODIFIER, [modifier]: true }, "other"), null, key);
    });
  }
});

describe("whom a key belongs to", () => {
  test("a field to write in takes all", () => {
    assert.deepEqual(taken("text"), KEYS);
  });

  test("so does a control that arrows and letters move", () => {
    assert.deepEqual(taken("choice"), KEYS);
  });

  test("a button takes the space bar alone", () => {
    assert.deepEqual(taken("button"), [" "]);
  });

  test("the player's own sliders take what moves them and leave the rest to the player", () => {
    assert.deepEqual(taken("ownRange"), ["ArrowLeft", "ArrowRight", "Home", "End"]);
  });

  test("nothing else takes any", () => {
    assert.deepEqual(taken("other"), []);
  });
});
