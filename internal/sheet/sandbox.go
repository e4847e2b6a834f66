package sheet

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"zhilu.dev/zhilu/internal/fault"
)

// compilerPackage is the one package the helper needs (helper/package.json).
const compilerPackage = "@myriaddreamin/typst-ts-node-compiler"

// needed are the font files without which no paper is set. Wanted ones show rare characters and Uyghur, and give official
// documents their 仿宋 and 小标宋: a bureau's licensed files where it has put them into a folder of fonts, else free ones.
var (
	needed = []string{"NotoSerifCJK-Regular.ttc", "NotoSerifCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"}
	wanted = []string{
		"HanaMinA.ttf", "HanaMinB.ttf", "Scheherazade-Regular.ttf", "Scheherazade-Bold.ttf",
		"simfang.ttf", "simkai.ttf", "FZXBSJW.TTF", "FandolFang-Regular.otf", "FandolKai-Regular.otf", "FandolSong-Regular.otf",
	}
	fontFolders = []string{"/usr/share/fonts", "/usr/local/share/fonts", "/usr/local/lib/zhilu/fonts", "/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol"}
)

// tools are the host's programs and files that the helper is made of.
type tools struct {
	node, bwrap, prlimit string
	modules              string
	fonts                []string
}

func absent(err error, what string) error {
	return fault.Wrap(err, fault.Unavailable, "sheet.missing", what)
}

func program(given, name string) (string, error) {
	if given == "" {
		given = name
	}
	path, err := exec.LookPath(given)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", absent(err, name)
	}
	return path, nil
}

// look finds everything, or says what is not there (Unavailable "sheet.missing").
func look(c Config) (tools, error) {
	var t tools
	var err error
	if t.node, err = program(c.Node, "node"); err != nil {
		return t, err
	}
	if t.bwrap, err = program(c.Bwrap, "bwrap"); err != nil {
		return t, err
	}
	if t.prlimit, err = program("", "prlimit"); err != nil {
		return t, err
	}
	if t.modules, err = modules(c.Modules); err != nil {
		return t, err
	}
	found := fontFiles(c.Fonts)
	for _, name := range needed {
		if found[name] == "" {
			return t, absent(fs.ErrNotExist, name)
		}
	}
	for _, name := range append(append([]string(nil), needed...), wanted...) {
		if found[name] != "" {
			t.fonts = append(t.fonts, found[name])
		}
	}
	return t, nil
}

// modules finds the folder node_modules: in the folder that the operator named, else beside the program as it is
// installed or as it is built in the repository.
func modules(given string) (string, error) {
	var places []string
	if given != "" {
		places = []string{given}
	} else if exe, err := os.Executable(); err == nil {
		dir := filepath.Dir(exe)
		places = []string{filepath.Join(dir, "sheet"), filepath.Join(dir, "..", "lib", "zhilu", "sheet"), filepath.Join(dir, "..", "internal", "sheet", "helper")}
	}
	for _, p := range places {
		dir := filepath.Join(p, "node_modules")
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(compilerPackage), "package.json")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", absent(fs.ErrNotExist, compilerPackage)
}

// fontFiles finds the fonts by the names of their files; where there are two of one name the first counts.
func fontFiles(folders []string) map[string]string {
	names := map[string]string{}
	for _, n := range append(append([]string(nil), needed...), wanted...) {
		names[n] = ""
	}
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // a folder that cannot be read holds no fonts for us
			}
			if have, ask := names[e.Name()]; ask && have == "" && e.Type().IsRegular() {
				names[e.Name()] = path
			}
			return nil
		})
	}
	return names
}

// command is the line that starts the helper: under limits, in namespaces of its own, with the libraries of the system,
// its program, its one package and the fonts in sight, all read-only, and nothing else.
func (t tools) command(l Limits) []string {
	line := []string{
		"--data=" + strconv.FormatInt(l.Memory, 10), "--core=0", "--fsize=0", "--nofile=256", "--", t.bwrap,
		"--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
		"--uid", "65534", "--gid", "65534", "--hostname", "press", "--proc", "/proc", "--dev", "/dev",
	}
	for _, lib := range []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"} {
		line = append(line, "--ro-bind-try", lib, lib)
	}
	line = append(line, "--ro-bind", t.node, "/node", "--ro-bind", t.modules, "/press/node_modules")
	for _, f := range t.fonts {
		line = append(line, "--ro-bind", f, "/fonts/"+filepath.Base(f))
	}
	return append(line, "--remount-ro", "/", "--chdir", "/press", "--", "/node", "--max-old-space-size=384", "--input-type=module", "-e", worker, "/fonts")
}
