import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { commandOf, HELP } from "../../syncedit_demo/ui/components/player/keys.js";

/** @import { Place } from "../../syncedit_demo/ui/components/player/keys.js" */

const KEYS = [" ", "ArrowLeft", "ArrowRight", "Home", "End", ..."gliox m,.12345+=-0s?".replace(" ", "")];
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
      [
        ...["toggle", "back", "forward", "first", "last", "goTo", "loop", "regionStart", "regionEnd", "regionClear"],
        ...["marker", "markerBefore", "markerAfter", "side", "wipe", "flip", "difference", "onion"],
        ...["zoomIn", "zoomIn", "zoomOut", "whole", "save", "help"],
      ],
    );
  });

  test("a letter counts in both cases: caps lock may be on", () => {
    assert.equal(asks("L"), "loop");
  });

  test("arrows with Shift move the zoomed picture and no frame", () => {
    /** @param {string} key */
    const shifted = (key) => commandOf({ key, ...NO_MODIFIER, shiftKey: true }, "other");
    assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map(shifted), [
      "panLeft",
      "panRight",
      "panUp",
      "panDown",
    ]);
    assert.equal(shifted("?"), "help");
    assert.equal(shifted("M"), "marker");
  });

  test("each that is a letter or a digit is among those that are shown", () => {
    const shown = HELP.flatMap(([keys]) => keys.toLowerCase().split(" "));
    for (const key of KEYS.filter((each) => /[a-z0-9]/i.test(each) && each.length === 1)) {
      assert.ok(shown.includes(key), key);
    }
  });

  test("any other key asks nothing", () => {
    for (const key of ["7", "a", "Enter", "Tab", "Escape", "ArrowUp", "PageDown", "Left", "Dead", ""]) {
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
