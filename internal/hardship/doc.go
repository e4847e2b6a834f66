// Package hardship tries the built program in hard times: power cuts, killed processes, failing disks, full disks, many
// senders of one file. There is nothing in it but tests; the house they try is made by housetest. Each suite is named after
// its goal (G1 …) and has a short cut inside `make test`; `make fault` runs the whole of it.
package hardship
