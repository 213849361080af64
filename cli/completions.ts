/**
 * `fer completions`: what has a shell complete commands and flags, made from the tables of flags.
 *
 * The scripts are whole: no key press starts a program.
 *
 * @module
 */
import { asCalled } from "./called.ts";
import { COMMAND_NAMES, COMMANDS } from "./commands.ts";
import { type Command, COMMON, type Flag, UsageError } from "./flags.ts";
import { defineProgram, print, type Program } from "./program.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const COMMAND = {
  name: "completions",
  about: "Print what has bash, zsh or fish complete the commands and flags of fer.",
  operands: SHELLS.join("|"),
  flags: {},
  examples: [
    "fer completions bash > ~/.local/share/bash-completion/completions/fer",
    "fer completions zsh > ~/.zfunc/_fer",
    "fer completions fish > ~/.config/fish/completions/fer.fish",
  ],
} as const satisfies Command;

/** A command as a shell is told of it. */
export interface Completable {
  /** Its name. */
  readonly name: string;
  /** What it does, in one line. */
  readonly about: string;
  /** Its flags. */
  readonly flags: ReadonlyArray<readonly [name: string, flag: Flag]>;
  /** The words that its arguments are; files where left out. */
  readonly words?: readonly string[];
}

/** What a flag's value may be: words, or undefined for files and whatever else. */
function wordsOf(flag: Flag): readonly string[] | undefined {
  return flag.kind === "choice" ? flag.choices : undefined;
}

/** Whether a flag's value is a path. */
function isPath(flag: Flag): boolean {
  return flag.kind === "string" && /FILE|PATH|DIR/.test(flag.value);
}

/** A text in single quotes, as all three shells read them; fish alone takes backslashes in them. */
const quoted = (text: string): string => `'${text.replaceAll("'", "’").replaceAll("\\", "/")}'`;

function bash(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, words }) => {
    const values = flags.flatMap(([flag, its]) => {
      const choices = wordsOf(its);
      if (choices) {
        return `        --${flag}) COMPREPLY=($(compgen -W '${
          choices.join(" ")
        }' -- "$cur")); return ;;`;
      }
      if (its.kind === "boolean" || isPath(its)) return [];
      return `        --${flag}) return ;;`;
    });
    const names = flags.map(([flag]) => `--${flag}`).join(" ");
    return [
      `    ${name})`,
      ...(values.length > 0 ? ['      case "$prev" in', ...values, "      esac"] : []),
      `      [[ $cur == -* ]] && COMPREPLY=($(compgen -W '${names}' -- "$cur"))`,
      ...(words
        ? [`      [[ $cur == -* ]] || COMPREPLY=($(compgen -W '${words.join(" ")}' -- "$cur"))`]
        : []),
      "      ;;",
    ].join("\n");
  });
  return `# Completions of fer for bash.
_fer() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '${
    commands.map(({ name }) => name).join(" ")
  } help --help --version' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(" ")}' -- "$cur")) ;;
  esac
}
complete -o default -F _fer fer`;
}

/** A text within an argument of zsh's _arguments. */
const zshText = (text: string): string =>
  text.replaceAll("'", "’").replace(/[\\[\]:]/g, (sign) => `\\${sign}`);

function zsh(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, words }) => {
    const specs = flags.map(([flag, its]) => {
      const choices = wordsOf(its);
      const action = choices ? `(${choices.join(" ")})` : isPath(its) ? "_files" : " ";
      const value = its.kind === "boolean"
        ? ""
        : `:${zshText(its.kind === "choice" ? flag : its.value)}:${action}`;
      return `        '--${flag}[${zshText(its.about)}]${value}'`;
    });
    const rest = words ? `(${words.join(" ")})` : "_files";
    return [
      `    ${name})`,
      "      _arguments -s \\",
      ...specs.map((spec) => `${spec} \\`),
      `        '*::argument:${rest}'`,
      "      ;;",
    ].join("\n");
  });
  const names = commands.map(({ name, about }) => `    '${name}:${zshText(about)}'`);
  return `#compdef fer
# Completions of fer for zsh.
_fer() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
    help) _describe command commands ;;
  esac
}
if [ "$funcstack[1]" = "_fer" ]; then _fer "$@"; else compdef _fer fer; fi`;
}

function fish(commands: readonly Completable[]): string {
  const isFirst = "__fish_use_subcommand";
  const lines = commands.flatMap(({ name, about, flags, words }) => {
    const within = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c fer -f -n ${isFirst} -a ${name} -d ${quoted(about)}`,
      ...(words ? [`complete -c fer -f -n ${quoted(within)} -a ${quoted(words.join(" "))}`] : []),
      ...flags.map(([flag, its]) => {
        const choices = wordsOf(its);
        const value = its.kind === "boolean"
          ? ""
          : choices
          ? ` -x -a ${quoted(choices.join(" "))}`
          : isPath(its)
          ? " -r -F"
          : " -x";
        return `complete -c fer -n ${quoted(within)} -l ${flag}${value} -d ${quoted(its.about)}`;
      }),
    ];
  });
  return [
    "# Completions of fer for fish.",
    `complete -c fer -f -n ${isFirst} -l help -d 'Show help'`,
    `complete -c fer -f -n ${isFirst} -l version -d 'Show the version'`,
    ...lines,
  ].join("\n");
}

/** The commands with their flags; each is loaded. */
async function completables(): Promise<Completable[]> {
  return await Promise.all(COMMAND_NAMES.map(async (name): Promise<Completable> => {
    const { about } = COMMANDS[name];
    const { command: { flags } } = name === COMMAND.name
      ? { command: COMMAND }
      : (await COMMANDS[name].load()).PROGRAM;
    const all = Object.entries<Flag>({ ...flags, ...COMMON })
      .map(([flag, its]) => [flag, { ...its, about: asCalled(its.about) }] as const);
    return { name, about, flags: all, ...(name === COMMAND.name && { words: SHELLS }) };
  }));
}

/** The command. */
export const PROGRAM: Program = defineProgram(COMMAND, async (_values, operands) => {
  const [shell, ...more] = operands;
  if (shell === undefined || more.length > 0 || !SHELLS.some((each) => each === shell)) {
    throw new UsageError(
      `Cannot complete for ${operands.join(" ") || "no shell"}: expected ${SHELLS.join(", ")}`,
    );
  }
  const commands = await completables();
  print(shell === "bash" ? bash(commands) : shell === "zsh" ? zsh(commands) : fish(commands));
});
