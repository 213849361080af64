/**
 * What the tasks in `deno.json` run: the commands of `fer`, which then speak of tasks.
 *
 * @module
 */
import { COMMAND_NAMES, runCommand } from "./commands.ts";
import { UsageError } from "./flags.ts";
import { leaveWith } from "./program.ts";

const [name = "", ...args] = Deno.args;
if (COMMAND_NAMES.includes(name)) await runCommand(name, args);
leaveWith(new UsageError(`Cannot run "${name}": expected ${COMMAND_NAMES.join(", ")}`));
