// What every page loads. Each part is a small element or listener of its own; without scripts the pages still work.
import "htmx.org/dist/htmx.esm.js";
import "./theme";
import "./search";
import "./menu";
import "./table";
import "./copy";
import "./left";
import "./confirm";
import "./errors";
import "./paper";
