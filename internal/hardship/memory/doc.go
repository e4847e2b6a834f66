// Package memory measures what the built program takes of the memory while much is sent to it.
package memory
