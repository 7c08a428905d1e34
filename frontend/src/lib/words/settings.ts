/** Words of the settings page. What a setting is for comes from the server, in both languages. */
import { language, words } from "../t";
import type { SettingSchema } from "../wire";

export const t = words(
  {
    settings: "Settings",
    sections: "Groups of settings",
    group_server: "Server",
    group_data: "Data",
    group_attachments: "Images and files",
    group_login: "Login",
    group_kiro: "Kiro",
    group_agent: "Agent",
    group_telegram: "Telegram",
    connection: "Test connection",
    keys: "API keys",
    search: "Search settings",
    nothing: "No setting has these words.",
    env: "env",
    file: "file",
    given: "given",
    default: "default",
    envWhy:
      "Set by the environment variable `{variable}`, which goes before the file. Unset it there to change it here.",
    givenWhy: "Given when the server was started, which goes before the file.",
    next: "From the next start: {value}",
    unset: "nothing",
    kept: "In {file}",
    restart: "{count} saved changes wait for the next start: stop `kiro2chat serve` and start it again.",
    restartOne: "A saved change waits for the next start: stop `kiro2chat serve` and start it again.",
    broken: "The file cannot be read as it is: {problem}",
    changed: "Changed, not saved",
    reset: "Back to the default",
    resetOf: "{name}: back to the default",
    resetDone: "Will be the default again.",
    undo: "Undo",
    undoOf: "{name}: undo",
    defaultIs: "Default: {value}",
    from: "{low} to {high}.",
    choose: "As by default",
    on: "On",
    off: "Off",
    secretThere: "Set; type to replace it",
    secretSet: "Set",
    secretNone: "Not set",
    secretHint: "It can be written, and never read back.",
    add: "Add",
    addTo: "Add to {name}",
    remove: "Remove {name}",
    changes: "{count} changes",
    oneChange: "1 change",
    review: "Review",
    save: "Save",
    discard: "Discard",
    reviewTitle: "What will change",
    reviewHint: "Written to {file}, its comments kept. In force from the next start.",
    setting: "Setting",
    was: "Now",
    willBe: "Then",
    newSecret: "a new secret",
    saved: "Saved. It counts from the next start.",
    stillUnsaved: "Your changes of the settings are kept here, and not saved yet.",
    toSettings: "Show them",
    wrong: "Not saved: look at {name}.",
    failed: "It could not be saved.",
    meanwhile:
      "The file was changed meanwhile, in another tab or by hand. Look at your changes again, then save.",
    testHint:
      "Every step from the settings to a whole answer, with this server's own login. It asks a model for one word.",
    testRun: "Test now",
    testing: "Testing … {seconds} s",
    testGood: "All is well.",
    testBad: "It ends here.",
    step_settings: "settings",
    step_login: "login",
    step_token: "token",
    step_models: "models",
    "step_first token": "first token",
    "step_whole answer": "whole answer",
    stepGood: "ok",
    stepBad: "failed",
    gate: "This is for the administrator: open the link that `kiro2chat serve` printed (a new one comes when it is started again), or enter the server's `API_KEY`, where it has one.",
    gateWrong:
      "The key in this browser may not administer this server: open the link that `kiro2chat serve` printed (a new one comes when it is started again), or enter the server's `API_KEY`, where it has one.",
    gateEnter: "Enter API_KEY",
    tryAgain: "Try again",
  },
  {
    settings: "设置",
    sections: "设置分组",
    group_server: "服务器",
    group_data: "数据",
    group_attachments: "图片与文件",
    group_login: "登录",
    group_kiro: "Kiro",
    group_agent: "智能体",
    group_telegram: "Telegram",
    connection: "测试连接",
    keys: "API 密钥",
    search: "搜索设置",
    nothing: "没有包含这些词的设置。",
    env: "环境",
    file: "文件",
    given: "指定",
    default: "默认",
    envWhy: "由环境变量 `{variable}` 设定，优先于文件。要在此处修改，请先在环境中取消它。",
    givenWhy: "在启动服务器时指定，优先于文件。",
    next: "下次启动后：{value}",
    unset: "无",
    kept: "保存在 {file}",
    restart: "有 {count} 项已保存的更改等待下次启动：请停止 `kiro2chat serve` 后重新启动。",
    restartOne: "有一项已保存的更改等待下次启动：请停止 `kiro2chat serve` 后重新启动。",
    broken: "配置文件目前无法读取：{problem}",
    changed: "已更改，尚未保存",
    reset: "恢复默认",
    resetOf: "{name}：恢复默认",
    resetDone: "将恢复为默认值。",
    undo: "撤销",
    undoOf: "{name}：撤销",
    defaultIs: "默认：{value}",
    from: "{low} 至 {high}。",
    choose: "按默认",
    on: "开",
    off: "关",
    secretThere: "已设置；输入可替换",
    secretSet: "已设置",
    secretNone: "未设置",
    secretHint: "只能写入，无法读出。",
    add: "添加",
    addTo: "添加到 {name}",
    remove: "移除 {name}",
    changes: "{count} 项更改",
    oneChange: "1 项更改",
    review: "查看",
    save: "保存",
    discard: "放弃",
    reviewTitle: "将要更改的内容",
    reviewHint: "写入 {file}，保留其中的注释。下次启动后生效。",
    setting: "设置项",
    was: "现在",
    willBe: "之后",
    newSecret: "新的机密值",
    saved: "已保存，下次启动后生效。",
    stillUnsaved: "你对设置的更改保留在这里，但尚未保存。",
    toSettings: "查看",
    wrong: "未保存：请检查 {name}。",
    failed: "无法保存。",
    meanwhile: "配置文件已在别处（另一标签页或手动）被修改。请再次查看你的更改，然后保存。",
    testHint: "用此服务器自己的登录，检查从设置到完整回答的每一步。会向模型请求一个词。",
    testRun: "立即测试",
    testing: "测试中…… {seconds} 秒",
    testGood: "一切正常。",
    testBad: "到此为止。",
    step_settings: "设置",
    step_login: "登录",
    step_token: "令牌",
    step_models: "模型",
    "step_first token": "首个词元",
    "step_whole answer": "完整回答",
    stepGood: "正常",
    stepBad: "失败",
    gate: "仅限管理员：请打开 `kiro2chat serve` 打印的链接（重新启动会打印新的），或输入服务器的 `API_KEY`（如果设置了）。",
    gateWrong:
      "此浏览器中的密钥不能管理此服务器：请打开 `kiro2chat serve` 打印的链接（重新启动会打印新的），或输入服务器的 `API_KEY`（如果设置了）。",
    gateEnter: "输入 API_KEY",
    tryAgain: "重试",
  },
);

/** What a setting is for. */
export function helpOf(schema: SettingSchema): string {
  return language.value === "zh" ? schema.description_zh : schema.description;
}

/** A default that is words, undefined where it is a value. */
export function shownOf(schema: SettingSchema): string | undefined {
  return language.value === "zh" ? schema.shown_zh : schema.shown;
}

const STEPS = ["settings", "login", "token", "models", "first token", "whole answer"] as const;

/** A step of the test of the connection. */
export function stepName(name: string): string {
  const known = STEPS.find((each) => each === name);
  return known ? t(`step_${known}`) : name;
}

const GROUPS = ["server", "data", "attachments", "login", "kiro", "agent", "telegram"] as const;

/** The name of a group of settings; one that is new to this page is called as the server calls it. */
export function groupName(name: string): string {
  const known = GROUPS.find((each) => each === name);
  return known ? t(`group_${known}`) : name;
}
