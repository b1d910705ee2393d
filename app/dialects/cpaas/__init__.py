"""The dialect CPAAS: JSON over HTTP, with the headers ``account`` and ``auth``; every text and number is a string."""
