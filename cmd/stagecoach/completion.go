package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd is `stagecoach completion`. The scripts are small: each asks
// the program itself what may come next, so that they never grow stale.
type completionCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" help:"bash, zsh or fish."`
	Line  []string `arg:"" optional:"" help:"For words: what was typed; the last word is being completed." hidden:""`
}

// Help tells how to install the script.
func (*completionCmd) Help() string {
	return "bash:  source <(stagecoach completion bash)\n" +
		"zsh:   stagecoach completion zsh > \"${fpath[1]}/_stagecoach\"\n" +
		"fish:  stagecoach completion fish > ~/.config/fish/completions/stagecoach.fish"
}

// Run prints the script of a shell, or the words that may come next.
func (c *completionCmd) Run(io std, k *kong.Kong) error { //nolint:unparam // kong wants an error
	scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	if script, ok := scripts[c.Shell]; ok {
		fmt.Fprint(io.out, script)
		return nil
	}
	for _, one := range suggest(k.Model.Node, c.Line) {
		fmt.Fprintf(io.out, "%s\t%s\n", one.word, oneLine(one.help))
	}
	return nil
}

// suggestion is a word that may come next, or one of the two below.
type suggestion struct{ word, help string }

// What a script completes by itself.
const (
	suggestFiles = ":files"
	suggestDirs  = ":dirs"
)

// suggest gives what may stand for the last word of a line.
func suggest(root *kong.Node, line []string) []suggestion {
	line = slices.DeleteFunc(slices.Clone(line), func(w string) bool { return w == "=" }) // bash splits --flag=value
	current := ""
	if len(line) > 0 {
		current, line = line[len(line)-1], line[:len(line)-1]
	}
	at, pending, given := walk(root, line)
	if pending != nil {
		return values(pending.Value, current)
	}
	if name, value, ok := strings.Cut(current, "="); ok && strings.HasPrefix(name, "--") {
		if f := flagOf(at, name); f != nil {
			out := values(f.Value, value)
			for i := range out {
				if !strings.HasPrefix(out[i].word, ":") {
					out[i].word = name + "=" + out[i].word
				}
			}
			return out
		}
		return nil
	}
	var out []suggestion
	if !strings.HasPrefix(current, "-") {
		out = append(out, commands(at, current)...)
		if len(at.Positional) > given {
			out = append(out, values(at.Positional[given], current)...)
		}
	}
	if len(out) == 0 || strings.HasPrefix(current, "-") {
		out = append(out, flags(at, current)...)
	}
	return out
}

// walk follows a line to the command that it names. Pending is a flag that
// still wants its value, given counts positional arguments.
func walk(at *kong.Node, line []string) (_ *kong.Node, pending *kong.Flag, given int) {
	for _, w := range line {
		switch {
		case pending != nil:
			pending = nil
		case strings.HasPrefix(w, "-"):
			if f := flagOf(at, w); f != nil && !f.IsBool() && !f.IsCounter() {
				pending = f
			}
		default:
			if child := childOf(at, w); child != nil {
				at, given = child, 0
			} else {
				given++
			}
		}
	}
	return at, pending, given
}

func childOf(n *kong.Node, name string) *kong.Node {
	for _, c := range n.Children {
		if c.Type == kong.CommandNode && (c.Name == name || slices.Contains(c.Aliases, name)) {
			return c
		}
	}
	return nil
}

// visible gives a command's own flags, those above it, and those of the command
// that it stands for by default.
func visible(n *kong.Node) []*kong.Flag {
	var out []*kong.Flag
	for _, group := range n.AllFlags(true) {
		out = append(out, group...)
	}
	if n.DefaultCmd != nil {
		for _, f := range n.DefaultCmd.Flags {
			if !f.Hidden {
				out = append(out, f)
			}
		}
	}
	return out
}

func flagOf(n *kong.Node, name string) *kong.Flag {
	for _, f := range visible(n) {
		if "--"+f.Name == name || f.Short != 0 && "-"+string(f.Short) == name {
			return f
		}
	}
	return nil
}

func commands(n *kong.Node, prefix string) (out []suggestion) {
	for _, c := range n.Children {
		if !c.Hidden && c.Type == kong.CommandNode && strings.HasPrefix(c.Name, prefix) {
			out = append(out, suggestion{c.Name, c.Help})
		}
	}
	return out
}

func flags(n *kong.Node, prefix string) (out []suggestion) {
	for _, f := range visible(n) {
		if name := "--" + f.Name; strings.HasPrefix(name, prefix) {
			out = append(out, suggestion{name, f.Help})
		}
	}
	return out
}

// values gives what may stand for a flag's or an argument's value.
func values(v *kong.Value, prefix string) (out []suggestion) {
	if v.Tag != nil {
		switch v.Tag.Type {
		case "path", "existingfile":
			if strings.EqualFold(v.Tag.PlaceHolder, "DIR") {
				return []suggestion{{suggestDirs, ""}}
			}
			return []suggestion{{suggestFiles, ""}}
		case "existingdir":
			return []suggestion{{suggestDirs, ""}}
		}
	}
	words := v.EnumSlice()
	if v.Enum == "" {
		if v.Tag == nil || !v.Tag.Has("complete") {
			return nil
		}
		words = strings.Split(v.Tag.Get("complete"), ",") // the command itself says what is wrong with another word
	}
	for _, word := range words {
		if word = strings.TrimSpace(word); word != "" && word != "words" && strings.HasPrefix(word, prefix) {
			out = append(out, suggestion{word, ""})
		}
	}
	return out
}

const bashCompletion = `# bash completion of stagecoach
_stagecoach() {
    local IFS=$'\n' cur="${COMP_WORDS[COMP_CWORD]}" lines
    lines=($("${COMP_WORDS[0]}" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
    [ "$cur" = "=" ] && cur=""
    case "${lines[0]}" in
        :files) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")) ;;
        :dirs) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")) ;;
        *) COMPREPLY=("${lines[@]}") ;;
    esac
}
complete -F _stagecoach stagecoach
`

const zshCompletion = `#compdef stagecoach
# zsh completion of stagecoach
_stagecoach() {
    local -a lines described
    local line
    lines=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    case "${lines[1]%%$'\t'*}" in
        :files) _files; return ;;
        :dirs) _files -/; return ;;
    esac
    for line in "${lines[@]}"; do
        [[ -n "$line" ]] && described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe stagecoach described
}
if [ "$funcstack[1]" = "_stagecoach" ]; then
    _stagecoach "$@"
else
    compdef _stagecoach stagecoach
fi
`

const fishCompletion = `# fish completion of stagecoach
function __stagecoach_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($typed[1] completion words -- $typed[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case ':files*'
            __fish_complete_path "$current"
        case ':dirs*'
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines
    end
end
complete -c stagecoach -f -a '(__stagecoach_complete)'
`
