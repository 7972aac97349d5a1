import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes the commands and options of `root`, and files for the rest. */
export function completionScript(shell: Shell, root: Command): string {
  const commands = root.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ long }) => long ?? []).concat('--help'),
  }));
  const names = commands.map(({ name }) => name).join(' ');
  if (shell === 'fish') {
    return commands
      .flatMap(({ name, description, options }) => [
        `complete -c ts-mesh -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
        ...options.map((option) => `complete -c ts-mesh -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`),
      ])
      .join('\n');
  }
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.join(' ')}" ;;`).join('\n');
  const body = `_ts_mesh() {
  local words="${names}"
  case "\${COMP_WORDS[1]}" in
${cases}
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${names}"
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") $(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _ts_mesh ts-mesh`;
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${body}` : body;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
