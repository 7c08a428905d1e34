import { render } from "preact";
import { App } from "./app";
import { openLink } from "./state/session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/chat.css";
import "./styles/markdown.css";
import "./state/language";

openLink();
const page = document.getElementById("page");
if (page) render(<App />, page);
