package sheet

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestCapturedHelperIsAlone is T16: what a helper could reach that an attacker has taken over: its program, its package,
// libraries and fonts, read-only; no network, no other process, nothing of the host's environment.
func TestCapturedHelperIsAlone(t *testing.T) {
	t.Parallel()
	c := New(Config{Modules: "helper"}).c
	found, err := look(c)
	if err != nil {
		if os.Getenv("ZHILU_REQUIRE_TOOLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	const captured = `
import fs from 'node:fs'; import net from 'node:net'; import dgram from 'node:dgram'; import { networkInterfaces } from 'node:os';
const say = (what, fn) => { try { const v = fn(); console.log(what, v === undefined ? '' : v); } catch {} };
for (const p of ['/etc/passwd', '/etc/hosts', '/home', '/root', '/work', '/tmp', '/var', '/sys', '/usr/bin', '/usr/share']) say('sees ' + p, () => { fs.statSync(p); });
for (const p of ['/x', '/press/x', '/fonts/x', '/press/node_modules/x', '/dev/shm/x']) say('writes ' + p, () => { fs.writeFileSync(p, 'x'); });
say('processes', () => fs.readdirSync('/proc').filter((n) => /^[0-9]+$/.test(n)).length > 3 ? 'others' : 'own');
for (const k of Object.keys(process.env)) if (k !== 'PWD') console.log('knows ' + k);
say('interfaces', () => Object.keys(networkInterfaces()).filter((n) => n !== 'lo').join());
console.log('root', fs.readdirSync('/').sort().join());
net.connect(22, '127.0.0.1').on('connect', () => console.log('connects')).on('error', () => {});
`
	line := found.command(c.Limits)
	line[slices.Index(line, worker)] = captured
	out, err := exec.CommandContext(t.Context(), found.prlimit, line...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for l := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		switch l = strings.TrimSpace(l); l {
		case "processes own", "interfaces", "root dev,etc,fonts,lib,lib64,node,press,proc,usr":
		default:
			t.Errorf("a captured helper: %s", l)
		}
	}
}
