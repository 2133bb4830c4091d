/*
 * Words for an exit that a check of the host probe did not expect.
 */
#ifndef RINGSIDE_KVM_PROBE_WORDS_H
#define RINGSIDE_KVM_PROBE_WORDS_H

#include "kvm/probe_guest.h"

/* Describes the guest's last exit in its detail. */
void probe_words_surprise(struct probe_guest *g);

/* The mnemonic of an exception's vector ("#GP"), or NULL for a vector that is none. */
const char *probe_words_exception(unsigned vector);

#endif
